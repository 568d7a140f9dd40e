#!/bin/sh
# A reward in any language: a line of JSON in for each answer, a line of JSON out for each score. This one likes short answers: 1 for at
# most 11 words, 11 / words for longer ones. It needs no more than a shell; docs/rewards.md has the protocol and a program in Python.
#   corl score answers.jsonl --reward '{ type: process, name: concise, command: [sh, samples/concise.sh], judges: text, fields: [response] }'
set -f # words are words, not patterns of file names
while IFS= read -r line; do
    id=${line#*'"id":'}
    id=${id%%,*}
    response=${line##*'"response":"'}
    set -- ${response%'"}'}
    words=$#
    if [ "$words" -le 11 ]; then score=1; else score=$(printf '0.%03d' $((11000 / words))); fi
    printf '{"id":%s,"score":%s}\n' "$id" "$score"
done
