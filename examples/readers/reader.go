// The token to begin a conversation with, from a mounted Secret: `go run reader.go /var/run/realtime/realtime.json`.
package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Document is what realtime.json holds. Its previous-token is for whoever must recognise it, never to begin with.
type Document struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires-at"`
	BaseURL   string    `json:"base-url"`
	Model     string    `json:"model"`
}

// Current reads anew each time: the kubelet swaps the whole folder, so a file kept open, or a token kept, is the old one.
// It waits for the next token where this one has no second left, or the swap has just happened.
func Current(path string, patience time.Duration) (Document, error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var document Document
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &document)
		}
		if err == nil && time.Until(document.ExpiresAt) > time.Second {
			return document, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return document, err
		}
	}
	return Document{}, fmt.Errorf("no living token in %s for %s", path, patience)
}

func main() {
	for said := ""; ; time.Sleep(10 * time.Millisecond) {
		document, err := Current(os.Args[1], 5*time.Second)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if document.Token != said { // where your program would begin a conversation
			said = document.Token
			fmt.Printf("%.6x %s\n", sha256.Sum256([]byte(said)), document.ExpiresAt.Format(time.RFC3339))
		}
	}
}
