import ClusterEmulation
import Testing

@Suite struct LineBufferTests {
    @Test(arguments: 1...9) func linesArePutTogetherFromPiecesOfAnyLength(length: Int) {
        let bytes = Array("one\r\ntwo\n\nthrée\rfour\nlast".utf8)
        var (buffer, lines) = (LineBuffer(), [String]())
        for begin in stride(from: 0, to: bytes.count, by: length) {
            lines += buffer.add(bytes[begin..<min(begin + length, bytes.count)])
        }
        #expect(lines == ["one", "two", "", "thrée\rfour"])
        #expect(buffer.end() == "last")
        #expect(buffer.end() == nil)
    }
}
