// Judges what domain/transparency/ makes, and makes what it must judge, by the modules of transparency-dev and of the Go
// checksum database: one JSON document comes in, one goes out. The tree is that of "entry 0", "entry 1", ...
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/transparency-dev/formats/log"
	cosignature "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type inclusion struct {
	Index    uint64   `json:"index"`
	Size     uint64   `json:"size"`
	LeafHash []byte   `json:"leafHash"`
	Root     []byte   `json:"root"`
	Proof    [][]byte `json:"proof"`
}

type consistency struct {
	FromSize uint64   `json:"fromSize"`
	FromRoot []byte   `json:"fromRoot"`
	ToSize   uint64   `json:"toSize"`
	ToRoot   []byte   `json:"toRoot"`
	Proof    [][]byte `json:"proof"`
}

type claims struct {
	Inclusions    []inclusion   `json:"inclusions"`
	Consistencies []consistency `json:"consistencies"`
}

type question struct {
	Claims      claims   `json:"claims"`
	Checkpoints []string `json:"checkpoints"`
	Sizes       []int64  `json:"sizes"`
	Origin      string   `json:"origin"`
	LogKey      string   `json:"logKey"`
	WitnessKey  string   `json:"witnessKey"`
	LogSigner   string   `json:"logSigner"`
	WitnessSign string   `json:"witnessSigner"`
}

type answer struct {
	Inclusions    []bool   `json:"inclusions"`
	Consistencies []bool   `json:"consistencies"`
	Witnessed     []bool   `json:"witnessed"`
	Made          claims   `json:"made"`
	Checkpoints   []string `json:"checkpoints"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		return err
	}
	var told answer
	for _, c := range asked.Claims.Inclusions {
		err := proof.VerifyInclusion(rfc6962.DefaultHasher, c.Index, c.Size, c.LeafHash, c.Proof, c.Root)
		told.Inclusions = append(told.Inclusions, err == nil)
	}
	for _, c := range asked.Claims.Consistencies {
		err := proof.VerifyConsistency(rfc6962.DefaultHasher, c.FromSize, c.ToSize, c.Proof, c.FromRoot, c.ToRoot)
		told.Consistencies = append(told.Consistencies, err == nil)
	}
	logVerifier, err := note.NewVerifier(asked.LogKey)
	if err != nil {
		return err
	}
	witnessVerifier, err := cosignature.NewVerifierForCosignatureV1(asked.WitnessKey)
	if err != nil {
		return err
	}
	for _, text := range asked.Checkpoints {
		_, _, opened, err := log.ParseCheckpoint([]byte(text), asked.Origin, logVerifier, witnessVerifier)
		told.Witnessed = append(told.Witnessed, err == nil && len(opened.Sigs) == 2)
	}
	if err := makeProofs(asked, &told); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(told)
}

// Proofs between all sizes that were asked for, of the first, the middle and the last leaf of each, and signed checkpoints.
func makeProofs(asked question, told *answer) error {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	largest := asked.Sizes[len(asked.Sizes)-1]
	for n := int64(0); n < largest; n++ {
		hashes, err := tlog.StoredHashes(n, []byte(fmt.Sprintf("entry %d", n)), reader)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
	}
	logSigner, err := note.NewSigner(asked.LogSigner)
	if err != nil {
		return err
	}
	witnessSigner, err := cosignature.NewSignerForCosignatureV1(asked.WitnessSign)
	if err != nil {
		return err
	}
	for _, size := range asked.Sizes {
		root, err := tlog.TreeHash(size, reader)
		if err != nil {
			return err
		}
		for _, index := range []int64{0, size / 2, size - 1} {
			path, err := tlog.ProveRecord(size, index, reader)
			if err != nil {
				return err
			}
			leaf := tlog.RecordHash([]byte(fmt.Sprintf("entry %d", index)))
			told.Made.Inclusions = append(told.Made.Inclusions, inclusion{
				Index: uint64(index), Size: uint64(size), LeafHash: leaf[:], Root: root[:], Proof: bytesOf(path),
			})
		}
		for _, from := range asked.Sizes {
			if from >= size {
				continue
			}
			fromRoot, err := tlog.TreeHash(from, reader)
			if err != nil {
				return err
			}
			path, err := tlog.ProveTree(size, from, reader)
			if err != nil {
				return err
			}
			told.Made.Consistencies = append(told.Made.Consistencies, consistency{
				FromSize: uint64(from), FromRoot: fromRoot[:], ToSize: uint64(size), ToRoot: root[:], Proof: bytesOf(path),
			})
		}
		text := log.Checkpoint{Origin: asked.Origin, Size: uint64(size), Hash: root[:]}.Marshal()
		signed, err := note.Sign(&note.Note{Text: string(text)}, logSigner, witnessSigner)
		if err != nil {
			return err
		}
		told.Checkpoints = append(told.Checkpoints, string(signed))
	}
	return nil
}

func bytesOf(hashes []tlog.Hash) [][]byte {
	path := make([][]byte, 0, len(hashes))
	for _, hash := range hashes {
		path = append(path, append([]byte(nil), hash[:]...))
	}
	return path
}
