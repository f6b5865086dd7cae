/// What tells a machine from every other (machine-id(5)): 32 hexadecimal digits, as of a random UUID.
enum MachineID {
    static func random() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        // Version 4 and its variant (RFC 9562), as systemd has it.
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        return bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
