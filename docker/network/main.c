#include "wire/wire.h"

int main(void) { return wire_main(); }
