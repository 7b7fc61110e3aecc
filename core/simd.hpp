#pragma once

/// Loops of the hot path are written plainly, in functions that are always inlined, and compiled once for
/// each width of vectors; the widest that the processor has is chosen when it is called. None enables fused
/// multiply-adds, so all give the same bits:
///
///     APICAL_WIDEST(void, add, (double* x, std::size_t n), (x, n))     calls add_loop(x, n)
#if defined(__x86_64__)
#if defined(__clang__)
#define APICAL_AVX512 "avx512f,avx512dq,avx512bw,avx512vl"
#else
#define APICAL_AVX512 "avx512f,avx512dq,avx512bw,avx512vl,prefer-vector-width=512"
#endif
#define APICAL_WIDEST(result, name, parameters, arguments)                                                  \
    [[gnu::target(APICAL_AVX512)]] static result name##_avx512 parameters { return name##_loop arguments; } \
    [[gnu::target("avx2")]] static result name##_avx2 parameters { return name##_loop arguments; }          \
    static result name##_baseline parameters { return name##_loop arguments; }                              \
    static result name parameters {                                                                         \
        static const auto widest = [] {                                                                     \
            if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&                 \
                __builtin_cpu_supports("avx512bw")) {                                                       \
                return &name##_avx512;                                                                      \
            }                                                                                               \
            return __builtin_cpu_supports("avx2") ? &name##_avx2 : &name##_baseline;                        \
        }();                                                                                                \
        return widest arguments;                                                                            \
    }
#else
#define APICAL_WIDEST(result, name, parameters, arguments) \
    static result name parameters { return name##_loop arguments; }
#endif
