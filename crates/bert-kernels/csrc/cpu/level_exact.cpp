// What has the same bits wherever its formula is written: the build contracts no products and sums here.
#include "cpu/level.h"

LEVEL_BEGIN
#include "cpu/ops/optimizer.cpp"
LEVEL_END
