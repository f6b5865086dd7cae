/* Each process has 50 MB of numbers, and gets their sums over all processes: every sum is checked. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    int rank, size, length;
    char host[MPI_MAX_PROCESSOR_NAME];
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Get_processor_name(host, &length);
    const int count = 50 * 1000 * 1000 / sizeof(double);
    double *own = malloc(count * sizeof *own), *sums = malloc(count * sizeof *sums);
    if (own == NULL || sums == NULL) return 2;
    for (int i = 0; i < count; i++) own[i] = (rank + 1.0) * (i % 1000);
    MPI_Allreduce(own, sums, count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    int wrong = 0;
    for (int i = 0; i < count; i++) wrong += sums[i] != size * (size + 1) / 2.0 * (i % 1000);
    printf("%s: %d of %d, %d wrong\n", host, rank, size, wrong);
    MPI_Finalize();
    return wrong != 0;
}
