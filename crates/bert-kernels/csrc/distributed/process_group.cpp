// Several processes of one training run, by libtorch's c10d: a `TCPStore`, where small facts are left for each other, and
// gloo, which moves tensors of the CPU; those of their devices go as messages.h says. What is summed up is summed by the
// caller, in its own order: these functions only move bytes.

#include "bert_kernels.h"
#include "distributed/messages.h"
#include "process/last_error.h"

CudaConnections &cuda_connections() {
  static CudaConnections connections;
  return connections;
}

#if !defined(BERT_WITHOUT_C10D)

#define USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <cstdlib>
#include <cstring>

struct bert_kernels_store {
  c10::intrusive_ptr<c10d::Store> store;
};

namespace {

// gloo reads and writes the tensors where they are; its collectives would copy them first.
class GlooMessages : public Messages {
public:
  explicit GlooMessages(c10::intrusive_ptr<c10d::ProcessGroupGloo> group) : group_(std::move(group)) {}

  void receive(const at::Tensor &tensor, int from) override {
    std::vector<at::Tensor> tensors{tensor};
    said_of(from, [&] { works_.emplace_back(from, group_->recv(tensors, from, TAG)); });
  }
  void send(const at::Tensor &tensor, int to) override {
    std::vector<at::Tensor> tensors{tensor};
    said_of(to, [&] { works_.emplace_back(to, group_->send(tensors, to, TAG)); });
  }
  void start() override {} // each is under way at once

  void wait() override {
    for (const auto &work : works_) {
      said_of(work.first, [&] { work.second->wait(); });
    }
  }

private:
  // What goes wrong is said of the process that it went wrong with: at once, where the connection is known to be broken.
  template <typename Act> static void said_of(int rank, const Act &act) {
    try {
      act();
    } catch (const std::exception &error) {
      throw std::runtime_error("rank " + std::to_string(rank) + ": " + error.what());
    }
  }

  static constexpr int TAG = 0; // of all of them

  const c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
  std::vector<std::pair<int, c10::intrusive_ptr<c10d::Work>>> works_; // with the process at the other end
};

} // namespace

struct bert_kernels_process_group {
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
  std::chrono::milliseconds timeout;
  std::unique_ptr<DeviceConnection> of_devices; // null until they are connected

  std::unique_ptr<Messages> messages(const at::Tensor &like) const {
    if (like.is_cpu()) {
      return std::make_unique<GlooMessages>(gloo);
    }
    TORCH_CHECK(of_devices != nullptr, "the devices of the processes are not connected");
    return of_devices->messages();
  }

  // Sends `sent(rank)` to every other process and gets `received(rank)` from it.
  template <typename Received, typename Sent>
  std::unique_ptr<Messages> exchange(const at::Tensor &like, const Received &received, const Sent &sent) const {
    std::unique_ptr<Messages> begun = messages(like);
    const int size = gloo->getSize(), self = gloo->getRank();
    // Each begins with its neighbor, so that not all send to one at a time.
    for (int step = 1; step < size; ++step) {
      const int to = (self + step) % size, from = (self + size - step) % size;
      begun->receive(received(from), from);
      begun->send(sent(to), to);
    }
    begun->start();
    return begun;
  }

  // Sets the tensor to that of the process `from`.
  void broadcast(const at::Tensor &tensor, int from) const {
    const std::unique_ptr<Messages> begun = messages(tensor);
    const int self = gloo->getRank();
    for (int rank = 0; rank < gloo->getSize(); ++rank) {
      if (self == from && rank != from) {
        begun->send(tensor, rank);
      }
    }
    if (self != from) {
      begun->receive(tensor, from);
    }
    begun->start();
    begun->wait();
  }
};

struct bert_kernels_messages {
  std::unique_ptr<Messages> messages;
};

namespace {

// As `catch_errors`, with an error's first line alone: libtorch adds the stack of the place where it was thrown.
template <typename Act> int32_t catch_distributed(const Act &act) {
  const auto fail = [](std::string message) {
    set_last_error(message.substr(0, message.find('\n')).c_str());
    return 1;
  };
  try {
    act();
    return 0;
  } catch (const c10::Error &error) {
    return fail(error.what_without_backtrace());
  } catch (const std::exception &error) {
    return fail(error.what());
  }
}

std::vector<uint8_t> bytes_of(const char *data, int64_t n) { return {data, data + n}; }

const at::Tensor &opened(bert_kernels_tensor tensor) { return *static_cast<const at::Tensor *>(tensor); }

// c10d warns, in dozens of lines, of what comes as an error, too, or does not matter; TORCH_CPP_LOG_LEVEL asks for them.
void set_log_level() {
  if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) {
    FLAGS_caffe2_log_level = std::max<int>(FLAGS_caffe2_log_level, c10::GLOG_ERROR);
  } else {
    c10::initLogging();
  }
}

} // namespace

int32_t bert_kernels_has_c10d() { return 1; }

bert_kernels_store *bert_kernels_store_new(const bert_kernels_store_options *options) {
  bert_kernels_store *opened = nullptr;
  catch_distributed([&] {
    set_log_level();
    c10d::TCPStoreOptions tcp;
    tcp.port = uint16_t(options->port);
    tcp.isServer = options->is_server != 0;
    tcp.waitWorkers = false;
    tcp.timeout = std::chrono::milliseconds(options->timeout_ms);
    auto tcp_store = c10::make_intrusive<c10d::TCPStore>(options->host, tcp);
    opened = new bert_kernels_store{c10::make_intrusive<c10d::PrefixStore>(options->prefix, tcp_store)};
  });
  return opened;
}

void bert_kernels_store_free(bert_kernels_store *store) { delete store; }

int32_t bert_kernels_store_set(bert_kernels_store *store, const char *key, const char *value, int64_t n) {
  return catch_distributed([&] { store->store->set(key, bytes_of(value, n)); });
}

int32_t bert_kernels_store_has(bert_kernels_store *store, const char *key, int32_t *has) {
  return catch_distributed([&] { *has = store->store->check({key}); });
}

int32_t bert_kernels_store_get(bert_kernels_store *store, const char *key, char *value, int64_t capacity, int64_t *n) {
  return catch_distributed([&] {
    const std::vector<uint8_t> found = store->store->get(key);
    *n = int64_t(found.size());
    std::memcpy(value, found.data(), std::min<int64_t>(*n, capacity));
  });
}

bert_kernels_process_group *bert_kernels_process_group_new(bert_kernels_store *store, int32_t rank, int32_t size, const char *address,
                                                           int64_t timeout_ms) {
  bert_kernels_process_group *made = nullptr;
  catch_distributed([&] {
    using Group = c10d::ProcessGroupGloo;
    const std::chrono::milliseconds timeout(timeout_ms);
    const bool is_named = address != nullptr && std::getenv("GLOO_SOCKET_IFNAME") == nullptr;
    const auto options = is_named ? Group::Options::create(timeout) : Group::Options::create_default(timeout);
    if (is_named) {
      options->devices.push_back(Group::createDeviceForHostname(address));
    }
    made = new bert_kernels_process_group{c10::make_intrusive<Group>(store->store, rank, size, options), timeout, nullptr};
  });
  return made;
}

void bert_kernels_process_group_free(bert_kernels_process_group *group) { delete group; }

int32_t bert_kernels_device_identity(bert_kernels_tensor like, char *text, int64_t capacity) {
  return catch_distributed([&] {
    const at::Device device = opened(like).device();
    TORCH_CHECK(device.is_cuda() && cuda_connections().identity != nullptr, "the programs were built without CUDA's headers");
    const std::string identity = cuda_connections().identity(device);
    TORCH_CHECK(int64_t(identity.size()) < capacity, "a device's name is too long");
    std::memcpy(text, identity.c_str(), identity.size() + 1);
  });
}

int32_t bert_kernels_process_group_connect_devices(bert_kernels_process_group *group, bert_kernels_tensor like) {
  return catch_distributed([&] {
    const at::Device device = opened(like).device();
    TORCH_CHECK(device.is_cuda() && cuda_connections().connect != nullptr, "the programs were built without CUDA's headers");
    const auto take_from_first = [&](const at::Tensor &bytes) { group->broadcast(bytes, 0); };
    const int rank = group->gloo->getRank(), size = group->gloo->getSize();
    group->of_devices = cuda_connections().connect({device, rank, size, group->timeout, take_from_first});
  });
}

bert_kernels_messages *bert_kernels_all_gather(bert_kernels_process_group *group, bert_kernels_tensor gathered,
                                               bert_kernels_tensor mine) {
  bert_kernels_messages *begun = nullptr;
  catch_distributed([&] {
    const at::Tensor output = opened(gathered), input = opened(mine);
    begun = new bert_kernels_messages{
        group->exchange(input, [&](int64_t rank) { return output[rank]; }, [&](int64_t) { return input; })};
    output[group->gloo->getRank()].copy_(input);
  });
  return begun;
}

bert_kernels_messages *bert_kernels_all_to_all(bert_kernels_process_group *group, bert_kernels_tensor received,
                                               bert_kernels_tensor sent) {
  bert_kernels_messages *begun = nullptr;
  catch_distributed([&] {
    const at::Tensor output = opened(received), input = opened(sent);
    begun = new bert_kernels_messages{
        group->exchange(input, [&](int64_t rank) { return output[rank]; }, [&](int64_t rank) { return input[rank]; })};
  });
  return begun;
}

int32_t bert_kernels_messages_wait(bert_kernels_messages *messages) {
  return catch_distributed([&] { messages->messages->wait(); });
}

void bert_kernels_messages_free(bert_kernels_messages *messages) { delete messages; }

int32_t bert_kernels_broadcast(bert_kernels_process_group *group, bert_kernels_tensor tensor, int32_t from) {
  return catch_distributed([&] { group->broadcast(opened(tensor), from); });
}

#else

namespace {

int32_t absent() {
  set_last_error("these programs were built with a libtorch that has no c10d");
  return 1;
}

} // namespace

int32_t bert_kernels_has_c10d() { return 0; }
bert_kernels_store *bert_kernels_store_new(const bert_kernels_store_options *) { return absent(), nullptr; }
void bert_kernels_store_free(bert_kernels_store *) {}
int32_t bert_kernels_store_set(bert_kernels_store *, const char *, const char *, int64_t) { return absent(); }
int32_t bert_kernels_store_has(bert_kernels_store *, const char *, int32_t *) { return absent(); }
int32_t bert_kernels_store_get(bert_kernels_store *, const char *, char *, int64_t, int64_t *) { return absent(); }
bert_kernels_process_group *bert_kernels_process_group_new(bert_kernels_store *, int32_t, int32_t, const char *, int64_t) {
  return absent(), nullptr;
}
void bert_kernels_process_group_free(bert_kernels_process_group *) {}
int32_t bert_kernels_device_identity(bert_kernels_tensor, char *, int64_t) { return absent(); }
int32_t bert_kernels_process_group_connect_devices(bert_kernels_process_group *, bert_kernels_tensor) { return absent(); }
bert_kernels_messages *bert_kernels_all_gather(bert_kernels_process_group *, bert_kernels_tensor, bert_kernels_tensor) {
  return absent(), nullptr;
}
bert_kernels_messages *bert_kernels_all_to_all(bert_kernels_process_group *, bert_kernels_tensor, bert_kernels_tensor) {
  return absent(), nullptr;
}
int32_t bert_kernels_messages_wait(bert_kernels_messages *) { return absent(); }
void bert_kernels_messages_free(bert_kernels_messages *) {}
int32_t bert_kernels_broadcast(bert_kernels_process_group *, bert_kernels_tensor, int32_t) { return absent(); }

#endif
