// Several processes of one run.
#pragma once

#include "bert_kernels/common.h"

BERT_KERNELS_BEGIN

// Several processes of one run, by libtorch's c10d. 0 where its headers were not there when this was built; then all that
// follows fails. Of these, too, those that return a number return 0, or 1 after an error, and those that return a pointer null.
int32_t bert_kernels_has_c10d(void);

// A `TCPStore`: bytes by key, for all processes. Every key has `prefix` before it.
typedef struct bert_kernels_store bert_kernels_store;

typedef struct {
  const char *host;
  int32_t port;
  int32_t is_server; // whether this process holds the store; else it connects to the one that does
  const char *prefix;
  int64_t timeout_ms; // of connecting
} bert_kernels_store_options;
BERT_KERNELS_SIZE(bert_kernels_store_options, 32);

bert_kernels_store *bert_kernels_store_new(const bert_kernels_store_options *options);
void bert_kernels_store_free(bert_kernels_store *store);
int32_t bert_kernels_store_set(bert_kernels_store *store, const char *key, const char *value, int64_t n);
int32_t bert_kernels_store_has(bert_kernels_store *store, const char *key, int32_t *has);
// Of a key that is there. *n: how long the value is, of which `capacity` bytes at most are written.
int32_t bert_kernels_store_get(bert_kernels_store *store, const char *key, char *value, int64_t capacity, int64_t *n);

// gloo, with a connection between every two processes. The store lives at least as long. All processes call the same functions
// in the same order with tensors of the same sizes, contiguous, on the CPU, or on their devices once those are connected. Each
// returns when this process has what it gets; on a device, when that is sure to have it before whatever it is given next.
typedef struct bert_kernels_process_group bert_kernels_process_group;

// `address`: of this machine, where the others reach it; null for that of its name. GLOO_SOCKET_IFNAME comes first.
bert_kernels_process_group *bert_kernels_process_group_new(bert_kernels_store *store, int32_t rank, int32_t size, const char *address,
                                                           int64_t timeout_ms);
void bert_kernels_process_group_free(bert_kernels_process_group *group);
// Of the device of `like`, CUDA: its name, a tab, and what tells it from all others, in `capacity` bytes with the zero at the end.
int32_t bert_kernels_device_identity(bert_kernels_tensor like, char *text, int64_t capacity);
// Connects the devices of the processes, each that of its `like`: CUDA, by NCCL. No two processes have the same one.
int32_t bert_kernels_process_group_connect_devices(bert_kernels_process_group *group, bert_kernels_tensor like);

// Messages that are under way: their tensors stay as they are until they were waited for.
typedef struct bert_kernels_messages bert_kernels_messages;

// gathered (size, ..): what each process has as `mine` (..). This and the next only begin; other calls may come before their ends.
bert_kernels_messages *bert_kernels_all_gather(bert_kernels_process_group *group, bert_kernels_tensor gathered,
                                               bert_kernels_tensor mine);
// received (size, ..): of each other process the row of its `sent` (size, ..) that is this process's; this process's own row is
// left as it is.
bert_kernels_messages *bert_kernels_all_to_all(bert_kernels_process_group *group, bert_kernels_tensor received,
                                               bert_kernels_tensor sent);
int32_t bert_kernels_messages_wait(bert_kernels_messages *messages);
void bert_kernels_messages_free(bert_kernels_messages *messages);

// Sets the tensor to that of the process `from`.
int32_t bert_kernels_broadcast(bert_kernels_process_group *group, bert_kernels_tensor tensor, int32_t from);

BERT_KERNELS_END
