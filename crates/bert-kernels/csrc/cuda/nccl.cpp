// Messages between CUDA devices, by libtorch's calls of NCCL. A stream of their own carries them, so that what a device computes
// goes on meanwhile, and the host does not wait for them. Where a process is gone they never end.

#include "aten/streams.h"
#include "cuda/libtorch_cuda.h"
#include "distributed/messages.h"

#include <cstring>
#include <exception>
#include <future>
#include <thread>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <c10/core/DeviceGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace {

namespace nccl = torch::cuda::nccl;

// What NCCL calls together: their errors come once they have ended.
template <typename Act> void together(const Act &act) {
  std::exception_ptr failed;
  {
    const nccl::AutoNcclGroup group;
    try {
      act();
    } catch (...) {
      failed = std::current_exception();
    }
  }
  if (failed != nullptr) {
    std::rethrow_exception(failed);
  }
}

nccl::ncclUniqueId id_of_first(const DeviceConnectionOptions &options) {
  nccl::ncclUniqueId id{};
  if (options.rank == 0) {
    nccl::get_unique_id(id);
  }
  const at::Tensor bytes = at::empty({int64_t(sizeof id)}, at::kByte);
  std::memcpy(bytes.data_ptr(), &id, sizeof id);
  options.take_from_first(bytes);
  std::memcpy(&id, bytes.const_data_ptr(), sizeof id);
  return id;
}

// Between every two processes NCCL makes a connection with their first messages: here, before anybody relies on it.
nccl::ncclComm_t connected(at::Device device, int rank, int size, const nccl::ncclUniqueId &id) {
  const c10::DeviceGuard current(device);
  const nccl::ncclComm_t comm = nccl::comm_init_rank(size, id, rank);
  const at::Tensor sent = at::zeros({size}, at::TensorOptions(device)), received = at::empty_like(sent);
  const c10::cuda::CUDAStream stream = c10::cuda::getCurrentCUDAStream(device.index());
  together([&] {
    for (int other = 0; other < size; ++other) {
      at::Tensor into = received[other];
      nccl::recv(into, comm, stream, other);
      nccl::send(sent[other], comm, stream, other);
    }
  });
  stream.synchronize();
  return comm;
}

// NCCL has no time-out of its own, so a thread waits for the others, which is left alone where one of them does not come.
nccl::ncclComm_t connected_in_time(const DeviceConnectionOptions &options) {
  std::packaged_task<nccl::ncclComm_t()> task(
      [device = options.device, rank = options.rank, size = options.size, id = id_of_first(options)] {
        return connected(device, rank, size, id);
      });
  std::future<nccl::ncclComm_t> made = task.get_future();
  std::thread(std::move(task)).detach();
  TORCH_CHECK(made.wait_for(options.timeout) == std::future_status::ready, "Timed out waiting for the others' GPUs");
  return made.get();
}

// The devices of the processes, connected. It lives as long as the process: libtorch ends no connection of NCCL.
class NcclConnection : public DeviceConnection {
public:
  explicit NcclConnection(const DeviceConnectionOptions &options)
      : stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/true, options.device.index())),
        comm_(connected_in_time(options)) {}

  std::unique_ptr<Messages> messages() override;

private:
  const c10::cuda::CUDAStream stream_;
  const nccl::ncclComm_t comm_;
};

class NcclMessages : public Messages {
public:
  NcclMessages(const c10::cuda::CUDAStream &stream, nccl::ncclComm_t comm) : stream_(stream), comm_(comm) {}

  void receive(const at::Tensor &tensor, int from) override { received_.emplace_back(tensor, from); }
  void send(const at::Tensor &tensor, int to) override { sent_.emplace_back(tensor, to); }

  void start() override {
    const c10::DeviceGuard current(stream_.device());
    order(c10::cuda::getCurrentCUDAStream(stream_.device_index()), stream_);
    together([&] {
      for (auto &[tensor, from] : received_) {
        nccl::recv(tensor, comm_, stream_, from);
      }
      for (const auto &[tensor, to] : sent_) {
        nccl::send(tensor, comm_, stream_, to);
      }
    });
  }

  void wait() override {
    const c10::DeviceGuard current(stream_.device());
    order(stream_, c10::cuda::getCurrentCUDAStream(stream_.device_index()));
  }

private:
  const c10::cuda::CUDAStream stream_;
  const nccl::ncclComm_t comm_;
  std::vector<std::pair<at::Tensor, int>> received_, sent_;
};

std::unique_ptr<Messages> NcclConnection::messages() { return std::make_unique<NcclMessages>(stream_, comm_); }

std::string identity(const at::Device &device) {
  const cudaDeviceProp &properties = *at::cuda::getDeviceProperties(device.index());
  std::string text = std::string(properties.name) + '\t';
  for (const char byte : properties.uuid.bytes) {
    constexpr char DIGITS[] = "0123456789abcdef";
    text += {DIGITS[uint8_t(byte) >> 4], DIGITS[uint8_t(byte) & 15]};
  }
  return text;
}

const bool is_known = [] {
  cuda_connections() = {[](const DeviceConnectionOptions &options) {
                          return std::unique_ptr<DeviceConnection>(std::make_unique<NcclConnection>(options));
                        },
                        identity};
  return true;
}();

} // namespace
