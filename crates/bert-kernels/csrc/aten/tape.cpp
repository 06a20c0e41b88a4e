// A tape: the operators of a stretch of code as the dispatcher sees them, to be done again on the same memory. What a graph
// is on CUDA, without its speed: on the CPU it shows that a recorded step reads nothing but its static inputs. It does not hear
// of the copy that autograd makes for itself where an operator overwrites what the backward pass reads; CUDA does.

#include "aten/graph.h"

#include <optional>
#include <set>
#include <vector>

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

namespace {

// A key above autograd that libtorch keeps for tests: its fallback hears of every operator before all others.
constexpr c10::DispatchKey KEY = c10::DispatchKey::TESTING_ONLY_GenericMode;

struct Recorded {
  c10::OperatorHandle op;
  std::vector<c10::IValue> inputs, outputs;
};

// The tape that records on this thread.
thread_local std::vector<Recorded> *recording = nullptr;

void each_tensor(const c10::IValue &value, const std::function<void(const at::Tensor &)> &act) {
  if (value.isTensor() && value.toTensor().defined()) {
    act(value.toTensor());
  } else if (value.isTensorList()) {
    for (const at::Tensor &tensor : value.toTensorVector()) {
      act(tensor);
    }
  }
}

std::vector<at::Tensor> tensors_of(const std::vector<c10::IValue> &values) {
  std::vector<at::Tensor> found;
  for (const c10::IValue &value : values) {
    each_tensor(value, [&](const at::Tensor &tensor) { found.push_back(tensor); });
  }
  return found;
}

// Operators whose result the host reads. On CUDA they end a capture.
void refuse_host_reads(const std::string &name) {
  static const std::set<std::string> READS = {"aten::item",        "aten::_local_scalar_dense", "aten::equal",
                                              "aten::is_nonzero",  "aten::nonzero",             "aten::allclose",
                                              "aten::masked_select"};
  TORCH_CHECK(READS.count(name) == 0, name, " reads a number on the host, which a graph cannot");
}

void record(const c10::OperatorHandle &op, c10::DispatchKeySet keys, torch::jit::Stack *stack) {
  if (op.hasKernelForDispatchKey(c10::DispatchKey::CompositeImplicitAutograd)) {
    // The operators that it is made of are heard of one by one: their results are what the backward pass keeps.
    op.redispatchBoxed(keys & c10::DispatchKeySet(c10::DispatchKeySet::FULL_AFTER, KEY), stack);
    return;
  }
  const c10::impl::ExcludeDispatchKeyGuard below(KEY);
  const size_t n_inputs = op.schema().arguments().size(), n_outputs = op.schema().returns().size();
  if (recording == nullptr) {
    op.callBoxed(stack);
    return;
  }
  refuse_host_reads(op.schema().name());
  Recorded recorded{op, {stack->end() - n_inputs, stack->end()}, {}};
  op.callBoxed(stack);
  recorded.outputs.assign(stack->end() - n_outputs, stack->end());
  recording->push_back(std::move(recorded));
}

class Tape : public Graph {
public:
  void begin() override {
    recording = &operators_;
    listening_.emplace(KEY);
  }

  void end() override {
    listening_.reset();
    recording = nullptr;
  }

  void replay() override {
    const at::NoGradGuard no_grad;
    for (const Recorded &recorded : operators_) {
      torch::jit::Stack stack = recorded.inputs;
      recorded.op.callBoxed(&stack);
      const auto inputs = tensors_of(recorded.inputs), places = tensors_of(recorded.outputs), made = tensors_of(stack);
      for (size_t i = 0; i < places.size(); ++i) {
        const auto shares = [&](const at::Tensor &input) { return input.storage().is_alias_of(places[i].storage()); };
        if (std::none_of(inputs.begin(), inputs.end(), shares)) {
          places[i].detach().copy_(made[i]); // else it is a view, or was written in place
        }
      }
    }
  }

private:
  std::vector<Recorded> operators_;
  std::optional<c10::impl::IncludeDispatchKeyGuard> listening_;
};

} // namespace

TORCH_LIBRARY_IMPL(_, TESTING_ONLY_GenericMode, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&record>());
}

std::unique_ptr<Graph> make_tape() { return std::make_unique<Tape>(); }

MakeGraph &cuda_graphs() {
  static MakeGraph make = nullptr;
  return make;
}
