// What somebody writes in an hour: readline, split, an object, JSON.stringify. Flow logs, CloudFront, load
// balancers and S3 give the same documents as flowferry (`npm run bench -- check` compares them), CloudTrail its main fields.
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

const extensionOf = (path) => /\.(?=\d*[a-z])([a-z\d]{1,16})$/i.exec(path)?.[1]

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
    url: {
      path: decoded(v[7]),
      extension: extensionOf(decoded(v[7])),
      query: decoded(v[11]),
      domain: text(v[15]),
      scheme: text(v[16]),
    },
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

/** The values of a line in which some stand in quotes or brackets. */
const quoted = (line) =>
  line.match(/"(?:[^"\\]|\\.)*"|\[[^\]]*\](?= )|[^ ]+/g).map((value) => value.replace(/^["[](.*)["\]]$/, '$1'))
const hostAndPort = (value) => (value === '-' ? [] : value.replace(/^\[(.*)\]/, '$1').split(/:(?=\d+$)/))
const seconds = (value) => (value === '-' || value === '-1' ? undefined : Number(value))
const milliseconds = (value) => new Date(value).toISOString()
const tlsOf = (version, cipher) => {
  const match = /^(TLS|SSL)v([\d.]+)$/i.exec(version)
  return { cipher: text(cipher), version: match?.[2], version_protocol: match?.[1].toLowerCase() }
}
const listed = (value, separator) => (value === '-' ? undefined : value.split(separator))
const unique = (...values) => [...new Set(values.flat().filter((value) => value !== undefined && value !== '-'))]

function albDocument(line) {
  const v = quoted(line)
  const [client, clientPort] = hostAndPort(v[3])
  const [target, targetPort] = hostAndPort(v[4])
  const [method, url, protocol] = v[12].split(' ')
  const { protocol: scheme, hostname } = new URL(url)
  const port = /:(\d+)/.exec(url.slice(scheme.length + 2))?.[1]
  const [, path, query] = /^[^/]+\/\/[^/]+([^?]*)\??(.*)$/.exec(url)
  return {
    '@timestamp': milliseconds(v[1]),
    ecs: { version: '8.11.0' },
    event: {
      kind: 'event',
      module: 'aws',
      dataset: 'aws.elb_logs',
      category: ['web'],
      type: ['access'],
      end: milliseconds(v[1]),
      start: milliseconds(v[21]),
      outcome: Number(v[8]) >= 400 ? 'failure' : 'success',
    },
    cloud: { provider: 'aws' },
    aws: {
      elb: {
        protocol: 'http',
        type: v[0],
        name: v[2],
        backend: { ip: target, port: targetPort, http: { response: { status_code: number(v[9]) } } },
        request_processing_time: { sec: seconds(v[5]) },
        backend_processing_time: { sec: seconds(v[6]) },
        response_processing_time: { sec: seconds(v[7]) },
        ssl_protocol: text(v[15]),
        target_group: { arn: text(v[16]) },
        chosen_cert: { arn: text(v[19]) },
        matched_rule_priority: text(v[20]),
        action_executed: listed(v[22], ','),
        redirect_url: text(v[23]),
        target_port: listed(v[25], ' '),
        target_status_code: listed(v[26], ' '),
        classification: text(v[27]),
        classification_reason: text(v[28]),
        conn_trace_id: text(v[29]),
        transformed_host: text(v[30]),
        transformed_uri: text(v[31]),
        request_transform_status: text(v[32]),
        node_ip: text(v[33]),
      },
    },
    source: { ip: client, port: Number(clientPort), bytes: number(v[10]) },
    destination: { bytes: number(v[11]) },
    related: {
      ip: unique(client, target, v[33], listed(v[25], ' ')?.map((one) => hostAndPort(one)[0]) ?? []),
      hosts: unique(hostname, v[18], v[30]),
    },
    http: {
      request: { method },
      response: { status_code: number(v[8]) },
      version: protocol.slice('HTTP/'.length),
    },
    url: {
      original: url,
      scheme: scheme.slice(0, -1),
      domain: hostname,
      port: Number(port),
      path,
      extension: extensionOf(path),
      query: query === '' ? undefined : query,
    },
    user_agent: { original: text(v[13]) },
    tls: { ...tlsOf(v[15], v[14]), client: { server_name: text(v[18]) } },
    trace: { id: text(v[17]) },
    network: { type: isIP(client) === 6 ? 'ipv6' : 'ipv4' },
    data_stream: { type: 'logs', dataset: 'aws.elb_logs', namespace: 'default' },
  }
}

const months = { Jan: 1, Feb: 2, Mar: 3, Apr: 4, May: 5, Jun: 6, Jul: 7, Aug: 8, Sep: 9, Oct: 10, Nov: 11, Dec: 12 }
const commonLogTime = (value) => {
  const [, day, month, year, clock] = /^(\d\d)\/(\w{3})\/(\d{4}):(\S+) /.exec(value)
  return new Date(`${year}-${String(months[month]).padStart(2, '0')}-${day}T${clock}Z`).toISOString()
}

function s3AccessDocument(line) {
  const v = quoted(line)
  const [method, url, protocol] = v[8].split(' ')
  const [path, query] = url.split('?')
  return {
    '@timestamp': commonLogTime(v[2]),
    ecs: { version: '8.11.0' },
    event: {
      kind: 'event',
      module: 'aws',
      dataset: 'aws.s3access',
      category: ['web'],
      type: ['access'],
      id: v[5],
      action: v[6],
      code: text(v[10]),
      outcome: v[10] !== '-' || Number(v[9]) >= 400 ? 'failure' : 'success',
      duration: Number(v[13]) * 1e6,
    },
    cloud: { provider: 'aws', region: /\.s3\.([a-z0-9-]+)\./.exec(v[22])?.[1] },
    aws: {
      s3access: {
        bucket_owner: v[0],
        bucket: v[1],
        key: decodeURIComponent(decodeURIComponent(v[7])),
        object_size: number(v[12]),
        total_time: number(v[13]),
        turn_around_time: number(v[14]),
        version_id: text(v[17]),
        host_id: text(v[18]),
        signature_version: text(v[19]),
        authentication_type: text(v[21]),
        tls_version: text(v[23]),
        access_point_arn: text(v[24]),
        aclrequired: text(v[25]),
        source_region: text(v[26]),
      },
    },
    client: { ip: v[3], user: { id: text(v[4]) } },
    related: { ip: [v[3]], user: unique(v[0], v[4]), hosts: [v[22]] },
    http: {
      request: { method, referrer: text(v[15]) },
      response: { status_code: number(v[9]), body: v[11] === '-' ? undefined : { bytes: Number(v[11]) } },
      version: protocol.slice('HTTP/'.length),
    },
    url: { original: url, path, extension: extensionOf(path), query, domain: v[22] },
    user_agent: { original: text(v[16]) },
    tls: tlsOf(v[23], v[20]),
    network: { type: isIP(v[3]) === 6 ? 'ipv6' : 'ipv4' },
    data_stream: { type: 'logs', dataset: 'aws.s3access', namespace: 'default' },
  }
}

const linesOf = (dataset, documentOf) => async (file, keep) => {
  const bodies = bulkBodies(dataset, keep)
  for await (const line of inflatedLines(file)) bodies.add(documentOf(line))
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

/** Envelopes of CloudWatch Logs, one a line: each message is a record, with what stood around it. */
const envelopesOf = (dataset, documentOf) => async (file, keep) => {
  const bodies = bulkBodies(dataset, keep)
  for await (const line of inflatedLines(file)) {
    const { logGroup, logStream, logEvents } = JSON.parse(line)
    for (const { message } of logEvents) {
      const document = documentOf(message)
      document.aws.cloudwatch = { log_group: logGroup, log_stream: logStream }
      document.log = { file: { path: `${logGroup}/${logStream}` } }
      bodies.add(document)
    }
  }
  bodies.send()
  return bodies.total
}

/** Resolves with records and bytes of bulk bodies. */
export const plainLoops = {
  'vpc-flow': vpcFlow,
  cloudfront: cloudFront,
  alb: linesOf('aws.elb_logs', albDocument),
  's3-access': linesOf('aws.s3access', s3AccessDocument),
  cloudtrail: cloudTrail,
  'json-lines': appLoop,
  'vpc-flow-envelopes': envelopesOf('aws.vpcflow', (message) => vpcFlowDocument(vpcFlowRecord(message))),
  'cloudtrail-envelopes': envelopesOf('aws.cloudtrail', (message) => cloudTrailDocument(JSON.parse(message))),
}
