package fleet

import "strings"

// maxMessageBytes bounds a normalized message.
const maxMessageBytes = 1024

// What normalize puts in place of what changes from one entry to the next.
const (
	anyURL    = "<url>"
	anyNumber = "<n>"
	anyID     = "<id>"
)

const (
	uuidLength = 36
	// minHexID and minMixedID are how long a word of hexadecimal digits, or of letters and digits, is at least if it is an
	// identifier and not a name with a number in it.
	minHexID   = 8
	minMixedID = 16
)

// names are words whose digits do not change. The words before a digit are compared as written.
var names = map[string]bool{ //nolint:gochecknoglobals
	"k6": true, "http2": true, "HTTP2": true, "h2": true, "x509": true, "IPv4": true, "IPv6": true, "utf8": true, "UTF8": true,
	"base64": true, "sha1": true, "sha256": true, "md5": true, "tcp4": true, "tcp6": true, "udp4": true, "udp6": true,
}

// normalize returns what the messages of one kind have in common: URLs, numbers, addresses and identifiers are replaced.
// The result has at most maxMessageBytes; normalizing it again changes nothing unless it was cut.
func normalize(text string) string {
	text = cut(text, maxMessageBytes)
	out := make([]byte, 0, len(text)+16)
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case isWordByte(c):
			end := i + 1
			for end < len(text) && isWordByte(text[end]) {
				end++
			}
			if strings.HasPrefix(text[end:], "://") {
				end = urlEnd(text, end+3)
				out = append(out, anyURL...)
			} else {
				out, end = appendWord(out, text, i, end)
			}
			i = end
		case c == '[' && ipv6End(text, i) > 0:
			i = ipv6End(text, i)
			out = append(out, anyNumber...)
		default:
			out = append(out, c)
			i++
		}
	}
	return cut(string(out), maxMessageBytes)
}

// appendWord appends the word text[start:end] normalized, and returns where it has ended: a number has parts.
func appendWord(out []byte, text string, start, end int) ([]byte, int) {
	word := text[start:end]
	switch {
	case isUUID(text, start):
		return append(out, anyID...), start + uuidLength
	case isDigit(word[0]) && allDigits(word):
		return append(out, anyNumber...), numberEnd(text, end)
	case isID(word):
		return append(out, anyID...), end
	case names[word]:
		return append(out, word...), end
	}
	for i := 0; i < len(word); {
		if !isDigit(word[i]) {
			out = append(out, word[i])
			i++
			continue
		}
		for i < len(word) && isDigit(word[i]) {
			i++
		}
		out = append(out, anyNumber...)
		if i == len(word) {
			return out, numberEnd(text, end)
		}
	}
	return out, end
}

// numberEnd returns the end of the number that begins before i: 1.5, 1,234, 10:30:22 and 127.0.0.1:8080 are one number.
func numberEnd(text string, i int) int {
	for i+1 < len(text) && strings.IndexByte(".,:", text[i]) >= 0 && isDigit(text[i+1]) {
		for i++; i < len(text) && isDigit(text[i]); i++ {
		}
	}
	return i
}

// urlEnd returns the end of the URL that continues at i.
func urlEnd(text string, i int) int {
	if at := strings.IndexAny(text[i:], " \t\r\n\"'`<>\\|{}"); at >= 0 {
		i += at
	} else {
		i = len(text)
	}
	// Punctuation after a URL belongs to the sentence.
	for i > 0 && strings.IndexByte(".,:;)]!?", text[i-1]) >= 0 {
		i--
	}
	return i
}

// ipv6End returns the end of an IPv6 address in brackets, and of the port after it; 0 if there is none at start.
func ipv6End(text string, start int) int {
	colons := 0
	for i := start + 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == ':':
			colons++
		case c == ']' && colons >= 2:
			return numberEnd(text, i+1)
		case !isHex(c) && c != '.':
			return 0
		}
	}
	return 0
}

func isUUID(text string, start int) bool {
	if start+uuidLength > len(text) || (start+uuidLength < len(text) && isWordByte(text[start+uuidLength])) {
		return false
	}
	for i := range uuidLength {
		c := text[start+i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !isHex(c) {
			return false
		}
	}
	return true
}

func isID(word string) bool {
	if strings.HasPrefix(word, "0x") && len(word) > 2 && allHex(word[2:]) {
		return true
	}
	if strings.IndexAny(word, "0123456789") < 0 {
		return false
	}
	return len(word) >= minMixedID || (len(word) >= minHexID && allHex(word))
}

func allDigits(word string) bool {
	for i := range len(word) {
		if !isDigit(word[i]) {
			return false
		}
	}
	return true
}

func allHex(word string) bool {
	for i := range len(word) {
		if !isHex(word[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || (c|0x20 >= 'a' && c|0x20 <= 'f') }
func isWordByte(c byte) bool {
	return isDigit(c) || (c|0x20 >= 'a' && c|0x20 <= 'z') || c == '_' || c >= 0x80
}

// cut returns the text, or as much of its start as fits, ending with a whole character.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && text[limit]&0xc0 == 0x80 {
		limit--
	}
	return text[:limit]
}
