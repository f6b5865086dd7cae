import Foundation

/// A TCP server at a free port of this machine's 127.0.0.1, which sends the same text to whoever connects. A test that is to be called back by
/// nodes would have its own server in this place.
struct LocalServer {
    let port: Int
    private let connections: any DispatchSourceRead

    init(sending text: String) throws {
        #if canImport(Darwin)
        let listener = socket(AF_INET, SOCK_STREAM, 0)
        #else
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        // The port of this address is 0, which stands for a free one until the listener has it.
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listens = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard listens else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        port = Int(UInt16(bigEndian: address.sin_port))
        connections = DispatchSource.makeReadSource(fileDescriptor: listener)
        connections.setEventHandler {
            let connection = accept(listener, nil, nil)
            let bytes = Array(text.utf8)
            _ = write(connection, bytes, bytes.count)
            close(connection)
        }
        connections.setCancelHandler { close(listener) }
        connections.resume()
    }

    func stop() { connections.cancel() }
}
