#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

enum IPAddress {
    /// Whether a text is an address of IPv4 or IPv6, and nothing besides.
    static func isValid(_ text: String) -> Bool {
        var bytes = in6_addr()
        // To C, a text ends at a byte of zero.
        if text.utf8.contains(0) { return false }
        return inet_pton(AF_INET, text, &bytes) == 1 || inet_pton(AF_INET6, text, &bytes) == 1
    }
}
