// Makes the linker take omp_wait_policy.cpp out of its archive: nothing calls what runs before main.
#pragma once

extern const int omp_wait_policy_is_linked;
