// Streams of a device that runs behind the host, whatever its type.
#pragma once

#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

inline c10::impl::VirtualGuardImpl guard_of(const at::Device &device) { return c10::impl::VirtualGuardImpl(device.type()); }

// What comes next on `later` waits for what was given to `earlier`.
inline void order(const c10::Stream &earlier, const c10::Stream &later) {
  if (earlier == later) {
    return;
  }
  c10::Event event(earlier.device_type());
  event.record(earlier);
  event.block(later);
}
