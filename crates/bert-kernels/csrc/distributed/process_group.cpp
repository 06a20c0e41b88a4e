// Several processes of one training run, by libtorch's c10d: a `TCPStore`, where small facts are left for each other, and
// gloo, which moves tensors. What is summed up is summed by the caller, in its own order: these functions only move bytes.

#include "bert_kernels.h"
#include "process/last_error.h"

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

struct bert_kernels_process_group {
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group;
};

// Messages that are under way, each with the process at its other end. gloo reads and writes the tensors where they are; its
// collectives would copy them first.
struct bert_kernels_messages {
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group;
  std::vector<std::pair<int, c10::intrusive_ptr<c10d::Work>>> works;

  void receive(const at::Tensor &tensor, int from) {
    std::vector<at::Tensor> tensors{tensor};
    said_of(from, [&] { works.emplace_back(from, group->recv(tensors, from, TAG)); });
  }
  void send(const at::Tensor &tensor, int to) {
    std::vector<at::Tensor> tensors{tensor};
    said_of(to, [&] { works.emplace_back(to, group->send(tensors, to, TAG)); });
  }

  // Sends `sent(rank)` to every other process and gets `received(rank)` from it.
  template <typename Received, typename Sent> void exchange(const Received &received, const Sent &sent) {
    const int size = group->getSize(), self = group->getRank();
    // Each begins with its neighbor, so that not all send to one at a time.
    for (int step = 1; step < size; ++step) {
      const int to = (self + step) % size, from = (self + size - step) % size;
      receive(received(from), from);
      send(sent(to), to);
    }
  }

  void wait() {
    for (const auto &work : works) {
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

  // Of all messages: those between two processes arrive in their order.
  static constexpr int TAG = 0;
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

} // namespace

int32_t bert_kernels_has_c10d() { return 1; }

bert_kernels_store *bert_kernels_store_new(const bert_kernels_store_options *options) {
  bert_kernels_store *opened = nullptr;
  catch_distributed([&] {
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
    made = new bert_kernels_process_group{c10::make_intrusive<Group>(store->store, rank, size, options)};
  });
  return made;
}

void bert_kernels_process_group_free(bert_kernels_process_group *group) { delete group; }

int32_t bert_kernels_all_gather(bert_kernels_process_group *group, bert_kernels_tensor gathered, bert_kernels_tensor mine) {
  return catch_distributed([&] {
    const at::Tensor output = opened(gathered), input = opened(mine);
    bert_kernels_messages messages{group->group, {}};
    messages.exchange([&](int64_t rank) { return output[rank]; }, [&](int64_t) { return input; });
    output[group->group->getRank()].copy_(input);
    messages.wait();
  });
}

bert_kernels_messages *bert_kernels_all_to_all(bert_kernels_process_group *group, bert_kernels_tensor received,
                                               bert_kernels_tensor sent) {
  auto *messages = new bert_kernels_messages{group->group, {}};
  const int32_t status = catch_distributed([&] {
    const at::Tensor output = opened(received), input = opened(sent);
    messages->exchange([&](int64_t rank) { return output[rank]; }, [&](int64_t rank) { return input[rank]; });
  });
  if (status != 0) {
    delete messages;
    return nullptr;
  }
  return messages;
}

int32_t bert_kernels_messages_wait(bert_kernels_messages *messages) {
  return catch_distributed([&] { messages->wait(); });
}

void bert_kernels_messages_free(bert_kernels_messages *messages) { delete messages; }

int32_t bert_kernels_broadcast(bert_kernels_process_group *group, bert_kernels_tensor tensor, int32_t from) {
  return catch_distributed([&] {
    bert_kernels_messages messages{group->group, {}};
    const int self = group->group->getRank();
    for (int rank = 0; rank < group->group->getSize(); ++rank) {
      if (self == from && rank != from) {
        messages.send(opened(tensor), rank);
      }
    }
    if (self != from) {
      messages.receive(opened(tensor), from);
    }
    messages.wait();
  });
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
int32_t bert_kernels_all_gather(bert_kernels_process_group *, bert_kernels_tensor, bert_kernels_tensor) { return absent(); }
bert_kernels_messages *bert_kernels_all_to_all(bert_kernels_process_group *, bert_kernels_tensor, bert_kernels_tensor) {
  return absent(), nullptr;
}
int32_t bert_kernels_messages_wait(bert_kernels_messages *) { return absent(); }
void bert_kernels_messages_free(bert_kernels_messages *) {}
int32_t bert_kernels_broadcast(bert_kernels_process_group *, bert_kernels_tensor, int32_t) { return absent(); }

#endif
