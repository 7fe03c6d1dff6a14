// Fresh memory for large results.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

// Paddle maps and unmaps every large tensor, so a new gradient costs a page fault every 4 KiB. Ask for large pages; if
// the system declines, nothing changes.
inline void expect_large_pages(void* start, std::size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    constexpr std::uintptr_t PAGE = std::uintptr_t{1} << 21;
    const std::uintptr_t first = (reinterpret_cast<std::uintptr_t>(start) + PAGE - 1) / PAGE * PAGE;
    const std::uintptr_t last = (reinterpret_cast<std::uintptr_t>(start) + bytes) / PAGE * PAGE;
    if (last > first) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#else
    (void)start, (void)bytes;
#endif
}
