// A sink as somebody would write it in Go: franz-go reads, minio-go puts objects of NDJSON. It copies values and looks at
// none of them. make bench measures it beside `spotify-pipeline sink`.
//
//	sink TOPIC BUCKET RECORDS-AN-OBJECT
//
// Reads what is in the topic when it starts, then ends. Servers and credentials come from the environment.
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// As many uploads at a time as the pipeline's sink has.
const uploadsMax = 4

type batch struct {
	body         *bytes.Buffer
	first        int64
	last         kgo.EpochOffset
	recordsCount int
}

// partition is one goroutine that uploads in order, and a batch that grows.
type partition struct {
	number int32
	open   *batch
	full   chan *batch
	end    int64
}

type sink struct {
	topic, bucket string
	records       int
	log           *kgo.Client
	store         *minio.Client
	uploads       chan struct{}
	buffers       sync.Pool
	running       sync.WaitGroup
}

func (s *sink) upload(p *partition) {
	defer s.running.Done()
	for b := range p.full {
		s.uploads <- struct{}{}
		key := fmt.Sprintf("%s/partition=%d/%020d.json", s.topic, p.number, b.first)
		_, err := s.store.PutObject(context.Background(), s.bucket, key, b.body, int64(b.body.Len()),
			minio.PutObjectOptions{ContentType: "application/x-ndjson", DisableMultipart: true})
		<-s.uploads
		must(err)
		s.log.MarkCommitOffsets(map[string]map[int32]kgo.EpochOffset{s.topic: {p.number: b.last}})
		b.body.Reset()
		s.buffers.Put(b.body)
	}
}

func (s *sink) add(p *partition, r *kgo.Record) {
	if p.open == nil {
		p.open = &batch{body: s.buffers.Get().(*bytes.Buffer), first: r.Offset}
	}
	p.open.body.Write(r.Value)
	p.open.body.WriteByte('\n')
	p.open.last = kgo.EpochOffset{Epoch: r.LeaderEpoch, Offset: r.Offset + 1}
	p.open.recordsCount++
	if p.open.recordsCount == s.records {
		p.full <- p.open
		p.open = nil
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: sink TOPIC BUCKET RECORDS-AN-OBJECT")
	}
	ctx := context.Background()
	records, err := strconv.Atoi(os.Args[3])
	must(err)
	s := &sink{topic: os.Args[1], bucket: os.Args[2], records: records, uploads: make(chan struct{}, uploadsMax)}
	s.buffers.New = func() any { return new(bytes.Buffer) }
	s.store, err = minio.New(strings.TrimPrefix(os.Getenv("S3_ENDPOINT"), "http://"), &minio.Options{
		Creds: credentials.NewEnvAWS(), Region: "us-east-1"})
	must(err)
	must(s.store.MakeBucket(ctx, s.bucket, minio.MakeBucketOptions{}))
	s.log, err = kgo.NewClient(
		kgo.SeedBrokers(strings.Split(os.Getenv("KAFKA_BOOTSTRAP_SERVERS"), ",")...),
		kgo.ConsumerGroup(os.Getenv("KAFKA_GROUP_ID")), kgo.ConsumeTopics(s.topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMaxWait(100*time.Millisecond), kgo.AutoCommitMarks())
	must(err)
	ends, err := kadm.NewClient(s.log).ListEndOffsets(ctx, s.topic)
	must(err)

	partitions := map[int32]*partition{}
	behind := 0
	ends.Each(func(end kadm.ListedOffset) {
		must(end.Err)
		if end.Offset == 0 {
			return
		}
		behind++
		p := &partition{number: end.Partition, full: make(chan *batch, 1), end: end.Offset}
		partitions[end.Partition] = p
		s.running.Add(1)
		go s.upload(p)
	})
	for behind > 0 {
		fetches := s.log.PollFetches(ctx)
		fetches.EachError(func(_ string, _ int32, err error) { log.Fatal(err) })
		fetches.EachPartition(func(fetched kgo.FetchTopicPartition) {
			p := partitions[fetched.Partition]
			for _, r := range fetched.Records {
				s.add(p, r)
				if r.Offset+1 == p.end {
					behind--
				}
			}
		})
	}
	for _, p := range partitions {
		if p.open != nil {
			p.full <- p.open
		}
		close(p.full)
	}
	s.running.Wait()
	must(s.log.CommitMarkedOffsets(ctx))
	s.log.Close()
}
