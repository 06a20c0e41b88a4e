// Messages between CUDA devices, by libtorch's calls of NCCL. A stream of their own carries them, so that what a device computes
// goes on meanwhile; the host waits for nothing.

#include "aten/streams.h"
#include "cuda/libtorch_cuda.h"
#include "distributed/messages.h"

#include <cstring>
#include <future>
#include <thread>
#include <vector>

#include <ATen/ops/empty.h>
#include <c10/core/DeviceGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace {

namespace nccl = torch::cuda::nccl;

// The devices of the processes, connected.
struct Communicator {
  c10::cuda::CUDAStream stream;
  nccl::ncclComm_t comm;
  c10::Event last{c10::DeviceType::CUDA}; // behind the last messages

  Communicator(const c10::cuda::CUDAStream &stream, nccl::ncclComm_t comm) : stream(stream), comm(comm) {}
  Communicator(const Communicator &) = delete;

  // Where another process is gone, messages never end, and NCCL would wait for them.
  ~Communicator() {
    try {
      if (last.query()) {
        nccl::comm_destroy(comm);
      }
    } catch (const std::exception &) { // the device is at fault: the process ends
    }
  }
};

nccl::ncclComm_t connected(const DeviceConnectionOptions &options) {
  nccl::ncclUniqueId id{};
  if (options.rank == 0) {
    nccl::get_unique_id(id);
  }
  const at::Tensor bytes = at::empty({int64_t(sizeof id)}, at::kByte);
  std::memcpy(bytes.data_ptr(), &id, sizeof id);
  options.take_from_first(bytes);
  std::memcpy(&id, bytes.const_data_ptr(), sizeof id);

  // It has no time-out of its own, so a thread waits, which is left alone where nobody comes.
  std::packaged_task<nccl::ncclComm_t()> task([device = options.device, size = options.size, rank = options.rank, id] {
    const c10::DeviceGuard current(device);
    return nccl::comm_init_rank(size, id, rank);
  });
  std::future<nccl::ncclComm_t> made = task.get_future();
  std::thread(std::move(task)).detach();
  TORCH_CHECK(made.wait_for(options.timeout) == std::future_status::ready, "Timed out waiting for the others' devices");
  return made.get();
}

class NcclMessages : public Messages {
public:
  explicit NcclMessages(std::shared_ptr<Communicator> communicator) : communicator_(std::move(communicator)) {}

  void receive(const at::Tensor &tensor, int from) override { received_.emplace_back(tensor, from); }
  void send(const at::Tensor &tensor, int to) override { sent_.emplace_back(tensor, to); }

  void start() override {
    const c10::cuda::CUDAStream &stream = communicator_->stream;
    const c10::DeviceGuard current(stream.device());
    order(c10::cuda::getCurrentCUDAStream(stream.device_index()), stream);
    {
      const nccl::AutoNcclGroup together;
      for (auto &[tensor, from] : received_) {
        nccl::recv(tensor, communicator_->comm, stream, from);
      }
      for (const auto &[tensor, to] : sent_) {
        nccl::send(tensor, communicator_->comm, stream, to);
      }
    }
    communicator_->last.record(stream);
  }

  void wait() override {
    const c10::cuda::CUDAStream &stream = communicator_->stream;
    order(stream, c10::cuda::getCurrentCUDAStream(stream.device_index()));
  }

private:
  const std::shared_ptr<Communicator> communicator_;
  std::vector<std::pair<at::Tensor, int>> received_, sent_;
};

class NcclConnection : public DeviceConnection {
public:
  explicit NcclConnection(const DeviceConnectionOptions &options)
      : communicator_(std::make_shared<Communicator>(
            c10::cuda::getStreamFromPool(/*isHighPriority=*/true, options.device.index()), connected(options))) {}

  std::unique_ptr<Messages> messages() override { return std::make_unique<NcclMessages>(communicator_); }

private:
  const std::shared_ptr<Communicator> communicator_;
};

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
