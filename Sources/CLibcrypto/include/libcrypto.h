// Keys by OpenSSL's libcrypto, which OpenSSH itself is linked with on most systems: found when the program runs, so
// that nothing is needed to build.
#ifndef CLUSTER_FIXTURE_LIBCRYPTO_H
#define CLUSTER_FIXTURE_LIBCRYPTO_H

/// Makes a fresh pair: 32 bytes each (RFC 8032). Returns 0, or -1 if there is no libcrypto of version 3 on this machine.
int libcrypto_make_ed25519(unsigned char *private_key, unsigned char *public_key);

/// Makes a fresh pair on the curve P-256: a number of 32 bytes, and a point of 65, uncompressed (SEC 1, 2.3). Returns as above.
int libcrypto_make_p256(unsigned char *private_key, unsigned char *public_key);

/// 2048 bits are what clients and servers take everywhere.
enum { LIBCRYPTO_RSA_BITS = 2048 };

/// The numbers of an RSA pair (RFC 8017, 3.2), each with its highest byte first.
struct libcrypto_rsa {
    unsigned char n[LIBCRYPTO_RSA_BITS / 8], e[4], d[LIBCRYPTO_RSA_BITS / 8];
    unsigned char p[LIBCRYPTO_RSA_BITS / 16], q[LIBCRYPTO_RSA_BITS / 16], q_inverse[LIBCRYPTO_RSA_BITS / 16];
};

/// Makes a fresh RSA pair, which takes a processor 0.1 to 0.2 seconds. Returns as above.
int libcrypto_make_rsa(struct libcrypto_rsa *made);

#endif
