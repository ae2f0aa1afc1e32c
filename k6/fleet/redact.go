package fleet

import (
	"encoding/json"
	"net/url"
	"os"
	"slices"
	"strings"
)

const (
	mask = "***"
	// minSecretBytes is as in the worker's redactor: shorter values would hide half of any text and protect nothing.
	minSecretBytes = 4
)

// redactor replaces secrets in texts. The worker redacts all that it ships, but what has been cut or normalized here may
// hold parts of a secret that it does not recognize.
type redactor struct {
	replacer *strings.Replacer // nil: there are no secrets
	longest  int               // bytes
}

// newRedactor redacts the values of these environment variables.
func newRedactor(variables []string) redactor {
	var forms []string
	for _, name := range variables {
		if secret := os.Getenv(name); len(secret) >= minSecretBytes {
			forms = append(forms, writtenForms(secret)...)
		}
	}
	if len(forms) == 0 {
		return redactor{}
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(forms))
	for _, form := range forms {
		pairs = append(pairs, form, mask)
	}
	return redactor{replacer: strings.NewReplacer(pairs...), longest: len(forms[0])}
}

// writtenForms are a secret as it is, as in JSON, and as part of a URL.
func writtenForms(secret string) []string {
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret)}
	if quoted, err := json.Marshal(secret); err == nil {
		forms = append(forms, string(quoted[1:len(quoted)-1]))
	}
	return forms
}

// head returns at most limit bytes of the text's start, redacted. No part of a secret is left at its end.
func (r redactor) head(text string, limit int) string {
	if r.replacer == nil {
		return cut(text, limit)
	}
	if len(text) <= limit+2*r.longest {
		return cut(r.replacer.Replace(text), limit)
	}
	shown := r.replacer.Replace(text[:limit+2*r.longest])
	// Its end may be the start of a secret.
	return cut(shown, min(limit, max(0, len(shown)-r.longest)))
}
