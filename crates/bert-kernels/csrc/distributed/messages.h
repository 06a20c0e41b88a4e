// Messages between the processes of a run: tensors that are sent and received where they are.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

// A few of them at a time. Between two processes they arrive in their order.
class Messages {
public:
  virtual ~Messages() = default;
  // Tensors that nobody changes, or reads, before `wait` has returned.
  virtual void receive(const at::Tensor &tensor, int from) = 0;
  virtual void send(const at::Tensor &tensor, int to) = 0;
  // All of them are known.
  virtual void start() = 0;
  // Whatever comes next, on the host or for a device on its current stream, finds them done.
  virtual void wait() = 0;
};

// What moves tensors between the devices of the processes.
class DeviceConnection {
public:
  virtual ~DeviceConnection() = default;
  virtual std::unique_ptr<Messages> messages() = 0;
};

struct DeviceConnectionOptions {
  at::Device device;
  int rank, size;
  std::chrono::milliseconds timeout; // of connecting
  // Sets the bytes, on the host, to those of process 0.
  std::function<void(const at::Tensor &)> take_from_first;
};

// What csrc/cuda/nccl.cpp brings, where it is linked: else null.
struct CudaConnections {
  std::unique_ptr<DeviceConnection> (*connect)(const DeviceConnectionOptions &options) = nullptr;
  // Of a device: what it is, a tab, and which of its kind.
  std::string (*identity)(const at::Device &device) = nullptr;
};

CudaConnections &cuda_connections();
