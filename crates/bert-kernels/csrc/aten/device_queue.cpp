// Work on a device that runs behind the host: a stream of its own, uploads that nobody waits for, results that are read late,
// and graphs of what is done again and again. The CPU works at once.

#include "aten/autograd_operator.h"
#include "aten/graph.h"
#include "aten/streams.h"
#include "cpu/base/philox.h"

#include <cstring>
#include <deque>
#include <optional>

struct bert_kernels_device_queue {
  at::Device device;
  // Of a device that has any: graphs are never recorded on the default stream.
  std::optional<c10::Stream> own;
  std::vector<c10::Stream> outer; // those to go back to, the last first

  struct Sent {
    at::Tensor numbers; // on the host
    std::optional<c10::Event> arrived;
  };
  std::deque<Sent> sent;
};

struct bert_kernels_graph {
  std::unique_ptr<Graph> graph;
};

namespace {

std::unique_ptr<Graph> make_graph(const at::Device &device) {
  if (device.is_cpu()) {
    return make_tape();
  }
  TORCH_CHECK(device.is_cuda() && cuda_graphs() != nullptr, "the programs were built without CUDA's graphs");
  return cuda_graphs()(device);
}

// Memory of the host that the device reads and writes at its own pace.
at::Tensor pinned(at::IntArrayRef sizes, at::ScalarType type) {
  return at::empty(sizes, at::TensorOptions(type).pinned_memory(true));
}

} // namespace

int32_t bert_kernels_seed_generator(bert_kernels_tensor like, uint64_t key, uint64_t rng_stream) {
  return catch_errors([&] {
    const Words seed = philox(key, rng_stream, 0);
    at::Generator generator = at::globalContext().defaultGenerator(tensor(like).device());
    const std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_current_seed(uint64_t(seed.w[0]) << 32 | seed.w[1]);
  });
}

bert_kernels_device_queue *bert_kernels_device_queue_new(bert_kernels_tensor like) {
  bert_kernels_device_queue *made = nullptr;
  catch_errors([&] {
    const at::Device device = tensor(like).device();
    auto queue = std::make_unique<bert_kernels_device_queue>(bert_kernels_device_queue{device, {}, {}, {}});
    if (!device.is_cpu()) {
      // Events go back to the current device, and CUDA would take memory of the first one for that.
      guard_of(device).setDevice(device);
      queue->own = guard_of(device).getStreamFromGlobalPool(device);
    }
    made = queue.release();
  });
  return made;
}

void bert_kernels_device_queue_free(bert_kernels_device_queue *queue) { delete queue; }

int32_t bert_kernels_device_queue_enter(bert_kernels_device_queue *queue) {
  return catch_errors([&] {
    if (queue->own) {
      const auto guard = guard_of(queue->device);
      queue->outer.push_back(guard.getStream(queue->device));
      order(queue->outer.back(), *queue->own);
      guard.exchangeStream(*queue->own);
    }
  });
}

int32_t bert_kernels_device_queue_leave(bert_kernels_device_queue *queue) {
  return catch_errors([&] {
    if (queue->own) {
      const c10::Stream outer = queue->outer.back();
      queue->outer.pop_back();
      guard_of(queue->device).exchangeStream(outer);
      order(*queue->own, outer);
    }
  });
}

int32_t bert_kernels_device_queue_upload(bert_kernels_device_queue *queue, bert_kernels_tensor target,
                                         bert_kernels_tensor numbers) {
  return catch_errors([&] {
    const at::NoGradGuard no_grad;
    at::Tensor source = tensor(numbers);
    if (!queue->device.is_cpu()) {
      const at::Tensor copy = pinned(source.sizes(), source.scalar_type()); // libtorch keeps its memory until the copy is done
      std::memcpy(copy.data_ptr(), source.data_ptr(), source.nbytes());
      source = copy;
    }
    tensor(target).copy_(source, /*non_blocking=*/true);
  });
}

int32_t bert_kernels_device_queue_send(bert_kernels_device_queue *queue, bert_kernels_tensor numbers) {
  return catch_errors([&] {
    const at::NoGradGuard no_grad;
    const at::Tensor &source = tensor(numbers);
    if (queue->device.is_cpu()) {
      queue->sent.push_back({source.clone(), {}});
      return;
    }
    const at::Tensor arriving = pinned(source.sizes(), source.scalar_type());
    arriving.copy_(source, /*non_blocking=*/true);
    c10::Event arrived(queue->device.type());
    arrived.record(guard_of(queue->device).getStream(queue->device));
    queue->sent.push_back({arriving, std::move(arrived)});
  });
}

int32_t bert_kernels_device_queue_receive(bert_kernels_device_queue *queue, double *numbers, int64_t n) {
  return catch_errors([&] {
    TORCH_CHECK(!queue->sent.empty(), "nothing was sent");
    const bert_kernels_device_queue::Sent &sent = queue->sent.front();
    TORCH_CHECK(sent.numbers.scalar_type() == at::kDouble && sent.numbers.numel() == n, "other numbers were sent");
    if (sent.arrived) {
      sent.arrived->synchronize();
    }
    std::memcpy(numbers, sent.numbers.const_data_ptr<double>(), sizeof(double) * n);
    queue->sent.pop_front();
  });
}

bert_kernels_tensor bert_kernels_pinned_zeros(int64_t rows, int64_t cols) {
  bert_kernels_tensor made = nullptr;
  catch_errors([&] { made = new at::Tensor(pinned({rows, cols}, at::kFloat).zero_()); });
  return made;
}

bert_kernels_graph *bert_kernels_graph_begin(bert_kernels_device_queue *queue) {
  bert_kernels_graph *begun = nullptr;
  catch_errors([&] {
    auto made = std::make_unique<bert_kernels_graph>(bert_kernels_graph{make_graph(queue->device)});
    made->graph->begin();
    begun = made.release();
  });
  return begun;
}

int32_t bert_kernels_graph_end(bert_kernels_graph *graph) {
  return catch_errors([&] { graph->graph->end(); });
}

int32_t bert_kernels_graph_replay(bert_kernels_graph *graph) {
  return catch_errors([&] { graph->graph->replay(); });
}

void bert_kernels_graph_free(bert_kernels_graph *graph) { delete graph; }
