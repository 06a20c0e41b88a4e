// Graphs: operators that are recorded once, and done again on the same memory as often as wanted.
#pragma once

#include <memory>

#include <ATen/core/Tensor.h>

// What is recorded belongs to the current stream, and reads and writes tensors that live as long as the graph. Nothing of it
// may depend on numbers that the host has read.
class Graph {
public:
  virtual ~Graph() = default;
  // Operators of this thread, and of the backward passes that it starts, are recorded from here on. A device other than the
  // CPU does not do them meanwhile.
  virtual void begin() = 0;
  // Throws where something was not recordable; then the graph is of no use.
  virtual void end() = 0;
  virtual void replay() = 0;
};

using MakeGraph = std::unique_ptr<Graph> (*)(const at::Device &);

// Makes graphs for a CUDA device; null where this library was built without CUDA (csrc/cuda/graph.cpp sets it).
MakeGraph &cuda_graphs();

// A graph of the CPU: the list of the operators that the dispatcher has seen. It is no faster than the operators are; it shows
// whether what was recorded can be done again.
std::unique_ptr<Graph> make_tape();
