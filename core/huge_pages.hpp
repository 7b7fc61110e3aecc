#pragma once

#include <cstddef>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace apical {

/// Allocates as std::allocator does, but asks for pages of 2 MiB where that pays: rows of synapses that are
/// read here and there cost a translation of addresses each, and far fewer large pages have to be remembered.
/// A system that has none, or keeps them back, gives small ones.
template <class T>
struct HugePageAllocator {
    using value_type = T;
    static constexpr std::size_t page = std::size_t{2} << 20U;

    HugePageAllocator() = default;
    template <class U>
    explicit(false) HugePageAllocator(const HugePageAllocator<U>&) {}

    T* allocate(std::size_t n) {
        void* const memory = ::operator new(n * sizeof(T), alignment(n));
#if defined(__linux__)
        // Whole pages only. It is advice: nothing is lost if it is not taken.
        if (const std::size_t bytes = n * sizeof(T) / page * page; bytes != 0)
            madvise(memory, bytes, MADV_HUGEPAGE);
#endif
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t n) { ::operator delete(memory, alignment(n)); }

    friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) { return true; }

private:
    static std::align_val_t alignment(std::size_t n) {
        return std::align_val_t{n * sizeof(T) < page ? alignof(std::max_align_t) : page};
    }
};

/// A vector for tables of many megabytes.
template <class T>
using HugeVector = std::vector<T, HugePageAllocator<T>>;

}  // namespace apical
