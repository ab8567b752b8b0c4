/* The fused multiply-adds that a machine can do: what no program can beat.
 *
 *     cc -O3 -march=native -pthread peak.c -o peak && ./peak [threads]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif

enum { CHAINS = 12, STEPS = 4000000, ROUNDS = 8, MOST = 256 };
typedef float vec __attribute__((vector_size(BYTES)));

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

/* Twelve independent chains hide the latency of each step. */
static void *work(void *sum) {
    vec a[CHAINS], x, y;
    for (int i = 0; i < BYTES / 4; i++) x[i] = 0.999f, y[i] = 0.5f;
    for (int k = 0; k < CHAINS; k++) a[k] = x * (float)k;
    for (long n = 0; n < STEPS; n++)
        for (int k = 0; k < CHAINS; k++) a[k] = a[k] * x + y;
    for (int k = 1; k < CHAINS; k++) a[0] += a[k];
    *(volatile float *)sum = a[0][0];
    return NULL;
}

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    if (threads < 1 || threads > MOST) return fprintf(stderr, "threads: expected 1 to %d\n", MOST), 2;
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t id[MOST];
        float sums[MOST];
        double start = now();
        for (int i = 0; i < threads; i++)
            if (pthread_create(&id[i], NULL, work, &sums[i])) return fprintf(stderr, "cannot start a thread\n"), 1;
        for (int i = 0; i < threads; i++) pthread_join(id[i], NULL);
        double rate = 2.0 * (BYTES / 4) * CHAINS * STEPS * threads / (now() - start) / 1e9;
        if (rate > best) best = rate;
    }
    printf("peak vector_bytes %d threads %d gflops %.1f\n", BYTES, threads, best);
}
