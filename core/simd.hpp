#pragma once

/// Before a loop: no round depends on what another one stored, wherever pointers may point.
#if defined(__clang__)
#define APICAL_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define APICAL_INDEPENDENT _Pragma("GCC ivdep")
#endif

/// Loops of the hot path are written plainly, in functions that are always inlined, and compiled once for
/// each width of vectors; the widest that the processor has is chosen when it is called. None enables fused
/// multiply-adds, so all give the same bits:
///
///     APICAL_WIDEST(, void, add, (double* x, std::size_t n), (x, n))     calls add_loop(x, n)
///
/// The first argument is empty, or `template <class T>` for all of them.

// NOLINTBEGIN(cppcoreguidelines-macro-usage, bugprone-macro-parentheses): attributes and whole functions are
// made here.
#if defined(__x86_64__)
#if defined(__clang__)
#define APICAL_AVX512 "avx512f,avx512dq,avx512bw,avx512vl"
#else
#define APICAL_AVX512 "avx512f,avx512dq,avx512bw,avx512vl,prefer-vector-width=512"
#endif
#define APICAL_WIDEST(head, result, name, parameters, arguments)                                        \
    head [[gnu::target(APICAL_AVX512)]] static result name##_avx512 parameters {                        \
        return name##_loop arguments;                                                                   \
    }                                                                                                   \
    head [[gnu::target("avx2")]] static result name##_avx2 parameters { return name##_loop arguments; } \
    head static result name##_baseline parameters { return name##_loop arguments; }                     \
    head static result name parameters {                                                                \
        if (::apical::simd::width() == 512) return name##_avx512 arguments;                             \
        if (::apical::simd::width() == 256) return name##_avx2 arguments;                               \
        return name##_baseline arguments;                                                               \
    }

namespace apical::simd {

/// Bits of the widest vectors that the loops are compiled for and this processor has.
inline int width() {
    static const int widest = [] {
        if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
            __builtin_cpu_supports("avx512bw")) {
            return 512;
        }
        return __builtin_cpu_supports("avx2") ? 256 : 128;
    }();
    return widest;
}

}  // namespace apical::simd
#else
#define APICAL_WIDEST(head, result, name, parameters, arguments) \
    head static result name parameters { return name##_loop arguments; }
#endif
// NOLINTEND(cppcoreguidelines-macro-usage, bugprone-macro-parentheses)
