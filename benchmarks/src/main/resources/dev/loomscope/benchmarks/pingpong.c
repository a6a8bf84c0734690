/* Two processes that pass 8 bytes to and fro over a Unix-domain socket. Argument: how many samples, each the median of a thousand. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 8, WARM_UP = 10000, PER_SAMPLE = 1000 };

static void die(const char *what) {
    perror(what);
    exit(1);
}

static double micros(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static void trip(int fd) {
    char bytes[SIZE] = {1};
    if (write(fd, bytes, SIZE) != SIZE || recv(fd, bytes, SIZE, MSG_WAITALL) != SIZE) die("ping");
}

static void answer(int fd) {
    char bytes[SIZE];
    while (recv(fd, bytes, SIZE, MSG_WAITALL) == SIZE) {
        if (write(fd, bytes, SIZE) != SIZE) die("pong");
    }
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    int fds[2];
    int samples = argc > 1 ? atoi(argv[1]) : 10;
    double took[PER_SAMPLE];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) die("socketpair");
    pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
        close(fds[0]);
        answer(fds[1]);
        return 0;
    }
    close(fds[1]);
    for (int i = 0; i < WARM_UP; i++) trip(fds[0]);
    for (int sample = 0; sample < samples; sample++) {
        for (int i = 0; i < PER_SAMPLE; i++) {
            double start = micros();
            trip(fds[0]);
            took[i] = micros() - start;
        }
        qsort(took, PER_SAMPLE, sizeof took[0], ascending);
        printf("SAMPLE c %f\n", took[PER_SAMPLE / 2]);
    }
    return 0;
}
