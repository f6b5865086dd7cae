#include "libcrypto.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

// The few functions that are needed, as openssl/evp.h declares them (OpenSSL 3.0).
typedef struct evp_pkey_st EVP_PKEY;
static EVP_PKEY *(*keygen)(void *library, const char *properties, const char *type);
static int (*raw_private)(const EVP_PKEY *key, unsigned char *bytes, size_t *length);
static int (*raw_public)(const EVP_PKEY *key, unsigned char *bytes, size_t *length);
static void (*let_go)(EVP_PKEY *key);

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find(void) {
    void *library = dlopen("libcrypto.so.3", RTLD_LAZY | RTLD_LOCAL);
    if (!library) return;
    *(void **)&raw_private = dlsym(library, "EVP_PKEY_get_raw_private_key");
    *(void **)&raw_public = dlsym(library, "EVP_PKEY_get_raw_public_key");
    *(void **)&let_go = dlsym(library, "EVP_PKEY_free");
    *(void **)&keygen = dlsym(library, "EVP_PKEY_Q_keygen");
}

int libcrypto_make_ed25519(unsigned char *private_key, unsigned char *public_key) {
    size_t private_length = 32, public_length = 32;
    pthread_once(&once, find);
    if (!keygen || !raw_private || !raw_public || !let_go) return -1;
    EVP_PKEY *key = keygen(NULL, NULL, "ED25519");
    if (!key) return -1;
    int made = raw_private(key, private_key, &private_length) == 1 && raw_public(key, public_key, &public_length) == 1;
    let_go(key);
    return made && private_length == 32 && public_length == 32 ? 0 : -1;
}
