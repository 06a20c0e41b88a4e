// All of it as one unit: libtorch's headers take longer to read than what stands behind them, and are read once.

#include "aten/as_bf16.cpp"
#include "aten/device_queue.cpp"
#include "aten/dropout.cpp"
#include "aten/heads.cpp"
#include "aten/linear.cpp"
#include "aten/packed_attention.cpp"
#include "aten/tape.cpp"
#include "aten/update_group.cpp"
