// Memory of large results and of work space.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace psl {

// Paddle maps and unmaps every large tensor, so fresh memory costs a page fault every 4 KiB. Ask for large pages; if the
// system declines, nothing changes.
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

// The caller's work space, handed out piece by piece.
class Arena {
public:
    explicit Arena(void* start) : next_(static_cast<char*>(start)) {}

    template <class T>
    static std::int64_t bytes(std::int64_t count) {
        return (count * std::int64_t(sizeof(T)) + 63) / 64 * 64;
    }

    template <class T>
    T* take(std::int64_t count) {
        char* piece = next_;
        next_ += bytes<T>(count);
        return reinterpret_cast<T*>(piece);
    }

private:
    char* next_;
};

}  // namespace psl
