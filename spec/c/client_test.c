#include "wire.h"
#include "check.h"
int main (void) {
  wire_sweep("spec/wire/client-replies.txt", 'S', wire_client);
  wire_sweep("spec/wire/client-bodies.txt", 'S', wire_client);
  wire_sweep("spec/wire/client-listings.txt", 'S', wire_client);
  wire_sweep("spec/wire/client-limits.txt", 'S', wire_client);
  wire_sweep("spec/wire/client-order.txt", 'S', wire_client);
  wire_sweep("spec/wire/client-secrets.txt", 'S', wire_client);
  return check_end();
}
