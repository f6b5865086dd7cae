#include "libcrypto.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

// The few functions that are needed, as openssl/evp.h and openssl/bn.h declare them (OpenSSL 3.0).
typedef struct evp_pkey_st EVP_PKEY;
typedef struct bignum_st BIGNUM;
static EVP_PKEY *(*keygen)(void *library, const char *properties, const char *type, ...);
static int (*raw_private)(const EVP_PKEY *key, unsigned char *bytes, size_t *length);
static int (*raw_public)(const EVP_PKEY *key, unsigned char *bytes, size_t *length);
static int (*number)(const EVP_PKEY *key, const char *name, BIGNUM **number);
static int (*octets)(const EVP_PKEY *key, const char *name, unsigned char *bytes, size_t room, size_t *length);
static int (*number_bytes)(const BIGNUM *number, unsigned char *bytes, int length);
static void (*clear_number)(BIGNUM *number);
static void (*let_go)(EVP_PKEY *key);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int is_complete;

static void find(void) {
    void *library = dlopen("libcrypto.so.3", RTLD_LAZY | RTLD_LOCAL);
    if (!library) return;
    *(void **)&raw_private = dlsym(library, "EVP_PKEY_get_raw_private_key");
    *(void **)&raw_public = dlsym(library, "EVP_PKEY_get_raw_public_key");
    *(void **)&number = dlsym(library, "EVP_PKEY_get_bn_param");
    *(void **)&octets = dlsym(library, "EVP_PKEY_get_octet_string_param");
    *(void **)&number_bytes = dlsym(library, "BN_bn2binpad");
    *(void **)&clear_number = dlsym(library, "BN_clear_free");
    *(void **)&let_go = dlsym(library, "EVP_PKEY_free");
    *(void **)&keygen = dlsym(library, "EVP_PKEY_Q_keygen");
    is_complete =
        keygen && raw_private && raw_public && number && octets && number_bytes && clear_number && let_go;
}

static int is_there(void) {
    pthread_once(&once, find);
    return is_complete;
}

int libcrypto_make_ed25519(unsigned char *private_key, unsigned char *public_key) {
    size_t private_length = 32, public_length = 32;
    if (!is_there()) return -1;
    EVP_PKEY *key = keygen(NULL, NULL, "ED25519");
    if (!key) return -1;
    int made = raw_private(key, private_key, &private_length) == 1 && raw_public(key, public_key, &public_length) == 1;
    let_go(key);
    return made && private_length == 32 && public_length == 32 ? 0 : -1;
}

// Writes a number of a key's, the highest byte first. Returns whether it could be.
static int write_number(const EVP_PKEY *key, const char *name, unsigned char *bytes, int length) {
    BIGNUM *value = NULL;
    int written = number(key, name, &value) == 1 && number_bytes(value, bytes, length) == length;
    if (value) clear_number(value);
    return written;
}

int libcrypto_make_p256(unsigned char *private_key, unsigned char *public_key) {
    size_t length = 0;
    if (!is_there()) return -1;
    EVP_PKEY *key = keygen(NULL, NULL, "EC", "P-256");
    if (!key) return -1;
    int made = write_number(key, "priv", private_key, 32) && octets(key, "pub", public_key, 65, &length) == 1;
    let_go(key);
    return made && length == 65 && public_key[0] == 4 ? 0 : -1;
}

int libcrypto_make_rsa(struct libcrypto_rsa *made) {
    if (!is_there()) return -1;
    EVP_PKEY *key = keygen(NULL, NULL, "RSA", (size_t)LIBCRYPTO_RSA_BITS);
    if (!key) return -1;
    int complete = write_number(key, "n", made->n, sizeof made->n) && write_number(key, "e", made->e, sizeof made->e) &&
                   write_number(key, "d", made->d, sizeof made->d) &&
                   write_number(key, "rsa-factor1", made->p, sizeof made->p) &&
                   write_number(key, "rsa-factor2", made->q, sizeof made->q) &&
                   write_number(key, "rsa-coefficient1", made->q_inverse, sizeof made->q_inverse);
    let_go(key);
    return complete ? 0 : -1;
}
