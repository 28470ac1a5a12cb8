/* batch_fuzz.c - the events of a client session in Lua; see batch.lua. */
#include "fuzz_lua.h"

const char fuzz_chunk[] = "return dofile 'spec/fuzz/batch.lua'\n";
