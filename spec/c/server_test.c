#include "wire.h"
#include "check.h"
int main (void) {
  wire_sweep("spec/wire/server-commands.txt", 'C', wire_server);
  wire_sweep("spec/wire/server-arguments.txt", 'C', wire_server);
  wire_sweep("spec/wire/server-lines.txt", 'C', wire_server);
  wire_sweep("spec/wire/server-replies.txt", 'C', wire_server);
  wire_sweep("spec/wire/server-secrets.txt", 'C', wire_server);
  return check_end();
}
