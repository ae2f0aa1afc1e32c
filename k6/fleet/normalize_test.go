package fleet

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNormalize(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "",
		"ReferenceError: http is not defined": "ReferenceError: http is not defined",
		// Requests
		`Request Failed: Get "http://127.0.0.1:8080/x?id=17": dial tcp 127.0.0.1:8080: connect: connection refused`:         `Request Failed: Get "<url>": dial tcp <n>: connect: connection refused`,
		`Post "https://api.test/users/9f1c/orders": read tcp 10.0.3.17:46132->10.0.9.2:443: read: connection reset by peer`: `Post "<url>": read tcp <n>-><n>: read: connection reset by peer`,
		`dial tcp [::1]:8080: connect: connection refused`:                                                                  `dial tcp <n>: connect: connection refused`,
		`dial tcp [fe80::1c2e:9aff:fe00:1]: i/o timeout`:                                                                    `dial tcp <n>: i/o timeout`,
		`see (wss://h:1/a), or http://b/c?d=1.`:                                                                             `see (<url>), or <url>.`,
		`lookup api.test: no such host`:                                                                                     `lookup api.test: no such host`,
		// Numbers
		"user 17 of 1,000 at 10:30:22.5 took 1.5s": "user <n> of <n> at <n> took <n>s",
		"user17 and user-18: -3 of 4.":             "user<n> and user-<n>: -<n> of <n>.",
		"99% of /api/v2/items/123/":                "<n>% of /api/v<n>/items/<n>/",
		"http2: stream closed; x509: expired; k6":  "http2: stream closed; x509: expired; k6",
		"insufficient VUs, reached 10 active VUs":  "insufficient VUs, reached <n> active VUs",
		"SyntaxError: Unexpected token '<' (1:2)":  "SyntaxError: Unexpected token '<' (<n>)",
		"[1,2] [10:20] items[3].price list[a:b:c]": "[<n>] [<n>] items[<n>].price list<n>",
		// Identifiers
		"order 123e4567-e89b-12d3-a456-426614174000":  "order <id>",
		"order 123e4567-e89b-12d3-a456-4266141740001": "order <id>-e<n>b-<n>d<n>-a<n>-<n>",
		"at 0xc000123abc, commit 24dae7a9, deadbeef":  "at <id>, commit <id>, deadbeef",
		"token eyJhbGciOiJIUzI1NiIsInR5cCI6.x":        "token <id>.x",
		"Überprüfung №5 fehlgeschlagen für 張3":        "Überprüfung №<n> fehlgeschlagen für 張<n>",
	} {
		if got := normalize(text); got != want {
			t.Errorf("%q\ngot  %q\nwant %q", text, got, want)
		}
	}
}

func TestNormalizeIsBounded(t *testing.T) {
	for _, text := range []string{strings.Repeat("a1", 10_000), strings.Repeat("ä", 10_000), strings.Repeat("1", 10_000)} {
		if got := normalize(text); len(got) > maxMessageBytes || !utf8.ValidString(got) {
			t.Errorf("%d bytes: %q", len(got), got[:20])
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{"", "a1:2", "http://x/1.", "[::1]:2", "123e4567-e89b-12d3-a456-426614174000", "0x1", "1.2.3:4", "://", "a\xff1", "x1://y", "]:1[:::"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := normalize(text)
		if len(once) > maxMessageBytes {
			t.Fatalf("%d bytes", len(once))
		}
		if len(text) > maxMessageBytes/4 {
			return // it may have been cut
		}
		if again := normalize(once); again != once {
			t.Errorf("%q becomes %q becomes %q", text, once, again)
		}
		other := []byte(text)
		for i, c := range other {
			if c >= '0' && c <= '8' {
				other[i]++
			}
		}
		digits := string(other)
		// A digit that changes does not change the message, except in the few words whose digits are part of a name.
		if !strings.ContainsAny(text, "0123456789") {
			return
		}
		for name := range names {
			if strings.Contains(text, name) || strings.Contains(digits, name) {
				return
			}
		}
		if strings.Contains(text, "0x") || strings.Contains(digits, "0x") {
			return
		}
		if got := normalize(digits); got != once {
			t.Errorf("%q becomes %q, but %q becomes %q", text, once, digits, got)
		}
	})
}
