// A queue of work on a device, and graphs of operators.
#pragma once

#include "bert_kernels/common.h"

BERT_KERNELS_BEGIN

// Work on a device that runs behind the host.
typedef struct bert_kernels_device_queue bert_kernels_device_queue;

// A queue of the device of `like`; on CUDA with a stream of its own. Null after an error. The following return 0, or 1 after an
// error.
bert_kernels_device_queue *bert_kernels_device_queue_new(bert_kernels_tensor like);
void bert_kernels_device_queue_free(bert_kernels_device_queue *queue);

// Between the two this thread works on the queue's stream, after all that it gave to the device before; what it does afterwards
// comes after this.
int32_t bert_kernels_device_queue_enter(bert_kernels_device_queue *queue);
int32_t bert_kernels_device_queue_leave(bert_kernels_device_queue *queue);

// Copies `numbers`, contiguous on the host, to `target` on the device, of the same kind and size, without waiting.
int32_t bert_kernels_device_queue_upload(bert_kernels_device_queue *queue, bert_kernels_tensor target,
                                         bert_kernels_tensor numbers);

// Sends `numbers`, float64 on the device, to the host as they are at this place of the stream. Each `receive` waits for the
// oldest that was sent: n numbers.
int32_t bert_kernels_device_queue_send(bert_kernels_device_queue *queue, bert_kernels_tensor numbers);
int32_t bert_kernels_device_queue_receive(bert_kernels_device_queue *queue, double *numbers, int64_t n);

// Float32 zeros (rows, cols) on the host, in memory that a device reads and writes at its own pace: a tensor of the caller's, null
// after an error, as without a device.
bert_kernels_tensor bert_kernels_pinned_zeros(int64_t rows, int64_t cols);

// Operators that are recorded once and done again on the same memory: a CUDA graph, or on the CPU a list of them.
typedef struct bert_kernels_graph bert_kernels_graph;

// From here to `end` this thread's operators are recorded, within `enter` and `leave`; CUDA does not do them meanwhile. Null
// after an error, 1 where something could not be recorded.
bert_kernels_graph *bert_kernels_graph_begin(bert_kernels_device_queue *queue);
int32_t bert_kernels_graph_end(bert_kernels_graph *graph);
int32_t bert_kernels_graph_replay(bert_kernels_graph *graph);
void bert_kernels_graph_free(bert_kernels_graph *graph);

BERT_KERNELS_END
