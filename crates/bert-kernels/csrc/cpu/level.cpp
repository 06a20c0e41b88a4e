// The kernels of the CPU, as one unit for each level: see level.h. What an anonymous namespace of one file holds, all files after it
// see: a helper of the same name and arguments does not compile, one of other arguments becomes an overload.
#include "cpu/level.h"

LEVEL_BEGIN
#include "cpu/ops/attention.cpp"
#include "cpu/ops/embedding.cpp"
#include "cpu/ops/linear.cpp"
#include "cpu/ops/linear_activation.cpp"
#include "cpu/ops/linear_int8.cpp"
#include "cpu/ops/pack.cpp"
#include "cpu/ops/quantize.cpp"
#include "cpu/ops/residual_layer_norm.cpp"
#include "cpu/ops/row_sums.cpp"

#include "cpu/bert/activations.cpp"
#include "cpu/bert/backward.cpp"
#include "cpu/bert/forward.cpp"
#include "cpu/bert/int8_encoder.cpp"
#include "cpu/bert/packed_weights.cpp"

template class Encoder<float>;
template class Encoder<c10::BFloat16>;

#include "cpu/bert/cpu_kernels.cpp"
#include "cpu/bert/encoder_abi.cpp"
#include "cpu/bert/operators_abi.cpp"
#include "cpu/bert/optimizer_abi.cpp"
LEVEL_END
