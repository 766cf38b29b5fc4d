// Asks a server for its protocol, so that no proto files are needed.
'use strict';
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');
const { FileDescriptorProto } = require('protobufjs/ext/descriptor');

const style = { defaults: true, longs: String };
// The part of grpc.reflection.v1 that asks for a service's files.
const reflection = `syntax = "proto3"; package grpc.reflection.v1;
  message ServerReflectionRequest { string file_containing_symbol = 4; }
  message FileDescriptorResponse { repeated bytes file_descriptor_proto = 1; }
  message ServerReflectionResponse { FileDescriptorResponse file_descriptor_response = 4; }
  service ServerReflection {
    rpc ServerReflectionInfo(stream ServerReflectionRequest) returns (stream ServerReflectionResponse); }`;

// Resolves to the types and clients of the files that a symbol stands in.
function reflect(server, symbol) {
  const types = grpc.loadPackageDefinition(loader.fromJSON(protobuf.parse(reflection).root.toJSON(), style));
  const asked = new types.grpc.reflection.v1.ServerReflection(server, grpc.credentials.createInsecure()).ServerReflectionInfo();
  return new Promise((resolve, reject) => {
    asked.on('error', reject).on('data', (answer) => {
      asked.end();
      const file = answer.fileDescriptorResponse.fileDescriptorProto.map((bytes) => FileDescriptorProto.decode(bytes));
      resolve(grpc.loadPackageDefinition(loader.loadFileDescriptorSetFromObject({ file }, style)));
    });
    asked.write({ fileContainingSymbol: symbol });
  });
}

module.exports = { reflect };
