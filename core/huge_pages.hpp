#pragma once

#include <cstddef>
#include <cstdlib>
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
        const std::size_t bytes = n * sizeof(T);
        const std::size_t pages = bytes / page * page;
        void* const memory = std::aligned_alloc(pages == 0 ? alignof(std::max_align_t) : page, bytes);
        if (memory == nullptr && bytes != 0) throw std::bad_alloc();
#if defined(__linux__)
        if (pages != 0) madvise(memory, pages, MADV_HUGEPAGE);  // advice: nothing is lost if it is not taken
#endif
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t) { std::free(memory); }

    friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) { return true; }
};

/// A vector for tables of many megabytes.
template <class T>
using HugeVector = std::vector<T, HugePageAllocator<T>>;

}  // namespace apical
