#pragma once

/// A file that travels inside the program.
struct build_context_file {
    /// Its path in the checkout.
    const char *path;
    const unsigned char *bytes;
    unsigned long size;
    int is_executable;
};

/// The file at an index, counted from 0; NULL behind the last one.
const struct build_context_file *build_context_file(unsigned long index);

/// The same for what shapes the nodes' networks, by its path in its own context.
const struct build_context_file *network_context_file(unsigned long index);
