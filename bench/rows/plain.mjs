// What somebody writes in an hour: readline, split, an object, JSON.stringify. Flow logs and CloudFront give the same
// documents as flowferry (`npm run bench -- check` compares them), CloudTrail its main fields.
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { appLoop } from './app-loop.mjs'
import { bulkBodies, inflatedLines } from './bodies.mjs'

const number = (text) => (text === '-' ? undefined : Number(text))
const text = (value) => (value === '-' ? undefined : value)
const time = (seconds) => new Date(Number(seconds) * 1000).toISOString()
const transports = { 1: 'icmp', 6: 'tcp', 17: 'udp' }

export const vpcFlowRecord = (line) => {
  const values = line.split(' ')
  return {
    version: values[0],
    account: values[1],
    interface: values[2],
    source: values[3],
    destination: values[4],
    sourcePort: values[5],
    destinationPort: values[6],
    protocol: values[7],
    packets: values[8],
    bytes: values[9],
    start: values[10],
    end: values[11],
    action: values[12],
    status: values[13],
  }
}

export const vpcFlowDocument = (record) => {
  const seen = record.source !== '-'
  const accepted = record.action === 'ACCEPT'
  const end = time(record.end)
  return {
    '@timestamp': end,
    ecs: { version: '8.11.0' },
    event: {
      kind: 'event',
      module: 'aws',
      dataset: 'aws.vpcflow',
      category: ['network'],
      type: seen ? ['connection', accepted ? 'allowed' : 'denied'] : ['connection'],
      start: time(record.start),
      end,
      ...(seen && { action: accepted ? 'accept' : 'reject', outcome: accepted ? 'success' : 'failure' }),
    },
    cloud: { provider: 'aws', account: { id: record.account } },
    aws: {
      vpcflow: {
        version: record.version,
        interface_id: record.interface,
        action: text(record.action),
        log_status: record.status,
      },
    },
    ...(seen && {
      source: { ip: record.source, port: number(record.sourcePort) },
      related: { ip: record.source === record.destination ? [record.source] : [record.source, record.destination] },
      destination: { ip: record.destination, port: number(record.destinationPort) },
      network: {
        iana_number: record.protocol,
        packets: number(record.packets),
        bytes: number(record.bytes),
        transport: transports[record.protocol],
        type: record.source.includes(':') ? 'ipv6' : 'ipv4',
      },
    }),
    data_stream: { type: 'logs', dataset: 'aws.vpcflow', namespace: 'default' },
  }
}

/** The documents of a flow log of version 2. */
export async function* vpcFlowDocuments(file) {
  let header = true
  for await (const line of inflatedLines(file)) {
    if (header) header = false
    else yield vpcFlowDocument(vpcFlowRecord(line))
  }
}

async function vpcFlow(file, keep) {
  const bodies = bulkBodies('aws.vpcflow', keep)
  let header = true
  // Not through the generator above, which would await each document.
  for await (const line of inflatedLines(file)) {
    if (header) header = false
    else bodies.add(vpcFlowDocument(vpcFlowRecord(line)))
  }
  bodies.send()
  return bodies.total
}

const decoded = (value) => (value === '-' ? undefined : decodeURIComponent(value))

function cloudFrontDocument(line) {
  const v = line.split('\t')
  const forwarded = v[19] === '-' ? undefined : v[19].split(',').map((address) => address.trim())
  const tls = /^(TLS|SSL)v([\d.]+)$/.exec(v[20])
  return {
    '@timestamp': new Date(`${v[0]}T${v[1]}Z`).toISOString(),
    ecs: { version: '8.11.0' },
    event: {
      kind: 'event',
      module: 'aws',
      dataset: 'aws.cloudfront_logs',
      category: ['web'],
      type: ['access'],
      id: text(v[14]),
      outcome: v[8] === '0' || Number(v[8]) >= 400 ? 'failure' : 'success',
      duration: Math.round(Number(v[18]) * 1e9),
    },
    cloud: { provider: 'aws' },
    aws: {
      cloudfront: {
        edge_location: text(v[2]),
        domain: text(v[6]),
        cookies: decoded(v[12]),
        edge_result_type: text(v[13]),
        edge_response_result_type: text(v[22]),
        fle_status: text(v[24]),
        fle_encrypted_fields: number(v[25]),
        time_to_first_byte: number(v[27]),
        edge_detailed_result_type: text(v[28]),
        range_start: number(v[31]),
        range_end: number(v[32]),
      },
    },
    http: {
      response: {
        bytes: number(v[3]),
        status_code: number(v[8]),
        mime_type: text(v[29]),
        body: { bytes: number(v[30]) },
      },
      request: { method: text(v[5]), referrer: decoded(v[9]), bytes: number(v[17]) },
      version: /^HTTP\/([\d.]+)$/.exec(v[23])?.[1],
    },
    source: { ip: v[4], port: number(v[26]) },
    related: { ip: forwarded ? [v[4], ...forwarded] : [v[4]], hosts: [v[6], v[15]] },
    url: { path: decoded(v[7]), query: decoded(v[11]), domain: text(v[15]), scheme: text(v[16]) },
    user_agent: { original: decoded(v[10]) },
    network: { type: isIP(v[4]) === 6 ? 'ipv6' : 'ipv4', forwarded_ip: forwarded },
    tls: { cipher: text(v[21]), version: tls?.[2], version_protocol: tls?.[1].toLowerCase() },
    data_stream: { type: 'logs', dataset: 'aws.cloudfront_logs', namespace: 'default' },
  }
}

async function cloudFront(file, keep) {
  const bodies = bulkBodies('aws.cloudfront_logs', keep)
  for await (const line of inflatedLines(file)) if (!line.startsWith('#')) bodies.add(cloudFrontDocument(line))
  bodies.send()
  return bodies.total
}

function cloudTrailDocument(event) {
  const { userIdentity: who, tlsDetails: tls } = event
  const ip = isIP(event.sourceIPAddress) ? event.sourceIPAddress : undefined
  return {
    '@timestamp': new Date(event.eventTime).toISOString(),
    ecs: { version: '8.11.0' },
    event: {
      kind: 'event',
      module: 'aws',
      dataset: 'aws.cloudtrail',
      provider: event.eventSource,
      action: event.eventName,
      id: event.eventID,
      outcome: event.errorCode ? 'failure' : 'success',
      type: ['info'],
    },
    cloud: { provider: 'aws', account: { id: event.recipientAccountId }, region: event.awsRegion },
    aws: {
      cloudtrail: {
        event_version: event.eventVersion,
        user_identity: {
          type: who.type,
          arn: who.arn,
          access_key_id: who.accessKeyId,
          invoked_by: who.invokedBy,
          session_context: who.sessionContext,
        },
        flattened: { request_parameters: event.requestParameters, response_elements: event.responseElements },
        error_code: event.errorCode,
        error_message: event.errorMessage,
        request_id: event.requestID,
        event_type: event.eventType,
        management_event: event.managementEvent,
        read_only: event.readOnly,
        resources: event.resources,
        event_category: event.eventCategory,
      },
    },
    user: { name: who.userName, id: who.principalId },
    related: { ip: ip && [ip] },
    source: { address: event.sourceIPAddress, ip },
    user_agent: { original: event.userAgent },
    tls: tls && { version: tls.tlsVersion, cipher: tls.cipherSuite },
    data_stream: { type: 'logs', dataset: 'aws.cloudtrail', namespace: 'default' },
  }
}

async function cloudTrail(file, keep) {
  const bodies = bulkBodies('aws.cloudtrail', keep)
  for (const event of JSON.parse(gunzipSync(readFileSync(file)).toString()).Records)
    bodies.add(cloudTrailDocument(event))
  bodies.send()
  return bodies.total
}

/** Resolves with records and bytes of bulk bodies. */
export const plainLoops = { 'vpc-flow': vpcFlow, cloudfront: cloudFront, cloudtrail: cloudTrail, 'json-lines': appLoop }
