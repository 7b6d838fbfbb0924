// The API calls of the generated CloudTrail files: what was asked, what was answered.

const describe = ['DescribeInstances', 'DescribeNetworkInterfaces', 'DescribeVolumes', 'DescribeSecurityGroups']
const filters = ['instance-state-name', 'vpc-id', 'tag:Name', 'network-interface-id']

/** One call, by the share that such calls have: STS, EC2, KMS, S3 data events, EC2 starts, Logs, DynamoDB, IAM, logins. */
export function calls(drawn, account, seconds) {
  const kind = drawn.share()
  const made = [
    [0.22, assumeRole],
    [0.4, describeInstances],
    [0.52, decrypt],
    [0.72, s3Object],
    [0.78, runInstances],
    [0.86, logs],
    [0.93, dynamo],
    [0.97, policy],
    [1, login],
  ].find(([below]) => kind < below)[1]
  return made(drawn, account, seconds)
}

function assumeRole({ share, between, pick, text, hex, uuid, key, base64 }, account, seconds) {
  const role = pick(account.roles)
  const roleArn = `arn:aws:iam::${account.id}:role/${role.name}`
  const session = `session-${hex(12)}`
  const expiration = new Date((seconds + 3600) * 1000).toUTCString()
  return {
    source: 'sts.amazonaws.com',
    name: 'AssumeRole',
    readOnly: true,
    request: {
      roleArn,
      roleSessionName: session,
      durationSeconds: pick([900, 3600, 43_200]),
      ...(share() < 0.3 && { externalId: uuid() }),
    },
    response: {
      credentials: { accessKeyId: `ASIA${text(key, 16)}`, sessionToken: text(base64, between(280, 640)), expiration },
      assumedRoleUser: {
        assumedRoleId: `${role.id}:${session}`,
        arn: `arn:aws:sts::${account.id}:assumed-role/${role.name}/${session}`,
      },
    },
    resources: [{ accountId: account.id, type: 'AWS::IAM::Role', ARN: roleArn }],
    sharedEventID: uuid(),
  }
}

function describeInstances({ next, between, pick, hex }) {
  const items = Array.from({ length: next(4) }, () => ({
    name: pick(filters),
    valueSet: { items: Array.from({ length: between(1, 5) }, () => ({ value: hex(12) })) },
  }))
  return {
    source: 'ec2.amazonaws.com',
    name: pick(describe),
    readOnly: true,
    request: { maxResults: pick([50, 100, 1000]), filterSet: { items }, instancesSet: {} },
  }
}

function decrypt({ pick, hex }, account) {
  const keyId = pick(account.keys)
  return {
    source: 'kms.amazonaws.com',
    name: pick(['Decrypt', 'GenerateDataKey']),
    readOnly: true,
    request: {
      encryptionContext: { 'aws:s3:arn': `arn:aws:s3:::${pick(account.buckets)}/${hex(16)}` },
      encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      keyId,
    },
    resources: [{ accountId: account.id, type: 'AWS::KMS::Key', ARN: keyId }],
  }
}

function s3Object({ next, between, pick, text, hex, uuid, base64 }, account) {
  const name = pick(['GetObject', 'PutObject', 'HeadObject', 'ListObjects', 'GetBucketAcl'])
  const bucketName = pick(account.buckets)
  const put = name === 'PutObject'
  const path = `year=2026/month=11/day=22/${hex(6)}/part-${String(next(1e5)).padStart(5, '0')}-${uuid()}.snappy.parquet`
  return {
    source: 's3.amazonaws.com',
    name,
    readOnly: !put,
    category: 'Data',
    request: {
      bucketName,
      Host: `${bucketName}.s3.us-east-1.amazonaws.com`,
      key: path,
      ...(put && { 'x-amz-acl': 'bucket-owner-full-control' }),
    },
    response: put && { 'x-amz-server-side-encryption': 'AES256', 'x-amz-version-id': text(base64.slice(0, 62), 32) },
    additional: {
      SignatureVersion: 'SigV4',
      CipherSuite: 'TLS_AES_128_GCM_SHA256',
      bytesTransferredIn: put ? between(1, 1e7) : 0,
      SSEApplied: 'Default_SSE_S3',
      AuthenticationMethod: 'AuthHeader',
      'x-amz-id-2': `${text(base64, 75)}=`,
      bytesTransferredOut: next(1e7),
    },
    resources: [
      { type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${bucketName}/${path}` },
      { accountId: account.id, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucketName}` },
    ],
  }
}

function runInstances({ next, between, pick, hex, uuid }, account, seconds) {
  const id = (prefix) => `${prefix}-0${hex(16)}`
  const [imageId, subnetId, vpcId, groupId, eni] = ['ami', 'subnet', 'vpc', 'sg', 'eni'].map(id)
  const instanceType = pick(['m5.large', 'c6i.2xlarge', 'r6g.xlarge'])
  const clientToken = uuid()
  const address = `10.0.${next(32)}.${between(4, 254)}`
  const dns = `ip-${address.replaceAll('.', '-')}.ec2.internal`
  const groupSet = { items: [{ groupId, groupName: 'eks-nodes' }] }
  const attached = { attachTime: seconds * 1000, deleteOnTermination: true }
  const items = Object.entries({
    Name: `worker-${hex(6)}`,
    'eks:cluster-name': 'prod-1',
    'k8s.io/cluster-autoscaler/enabled': 'true',
    Owner: pick(['platform', 'data', 'ml']),
  }).map(([key, value]) => ({ key, value }))
  const networkInterface = {
    networkInterfaceId: eni,
    subnetId,
    vpcId,
    ownerId: account.id,
    status: 'in-use',
    macAddress: Array.from({ length: 6 }, () => hex(2)).join(':'),
    privateIpAddress: address,
    privateDnsName: dns,
    sourceDestCheck: true,
    interfaceType: 'interface',
    groupSet,
    attachment: {
      attachmentId: id('eni-attach'),
      deviceIndex: 0,
      networkCardIndex: 0,
      status: 'attaching',
      ...attached,
    },
    privateIpAddressesSet: { item: [{ privateIpAddress: address, privateDnsName: dns, primary: true }] },
    ipv6AddressesSet: {},
    tagSet: {},
  }
  const instance = {
    instanceId: id('i'),
    imageId,
    bootMode: 'uefi-preferred',
    currentInstanceBootMode: 'legacy-bios',
    instanceState: { code: 0, name: 'pending' },
    privateDnsName: dns,
    keyName: 'prod-key',
    amiLaunchIndex: 0,
    productCodes: {},
    instanceType,
    launchTime: seconds * 1000,
    placement: { availabilityZone: `us-east-1${pick('abcdef')}`, tenancy: 'default' },
    monitoring: { state: 'disabled' },
    subnetId,
    vpcId,
    privateIpAddress: address,
    stateReason: { code: 'pending', message: 'pending' },
    architecture: 'x86_64',
    rootDeviceType: 'ebs',
    rootDeviceName: '/dev/xvda',
    blockDeviceMapping: {},
    virtualizationType: 'hvm',
    hypervisor: 'xen',
    tagSet: { items },
    clientToken,
    groupSet,
    sourceDestCheck: true,
    networkInterfaceSet: { items: [networkInterface] },
    ebsOptimized: false,
    enaSupport: true,
    cpuOptions: { coreCount: 4, threadsPerCore: 2 },
    capacityReservationSpecification: { capacityReservationPreference: 'open' },
    metadataOptions: { state: 'pending', httpTokens: 'required', httpPutResponseHopLimit: 2, httpEndpoint: 'enabled' },
  }
  const ebs = { volumeSize: 100, deleteOnTermination: true, volumeType: 'gp3', encrypted: true }
  return {
    source: 'ec2.amazonaws.com',
    name: 'RunInstances',
    readOnly: false,
    request: {
      instancesSet: { items: [{ imageId, minCount: 1, maxCount: 1, keyName: 'prod-key' }] },
      userData: '<sensitiveDataRemoved>',
      instanceType,
      blockDeviceMapping: { items: [{ deviceName: '/dev/xvda', ebs }] },
      monitoring: { enabled: false },
      disableApiTermination: false,
      clientToken,
      tagSpecificationSet: { items: [{ resourceType: 'instance', tags: items }] },
      iamInstanceProfile: { arn: `arn:aws:iam::${account.id}:instance-profile/${pick(account.roles).name}` },
    },
    response: {
      requestId: uuid(),
      reservationId: id('r'),
      ownerId: account.id,
      groupSet: {},
      instancesSet: { items: [instance] },
      requesterId: String(between(1e11, 1e12)),
    },
  }
}

function logs({ pick, hex }) {
  return {
    source: 'logs.amazonaws.com',
    name: pick(['CreateLogStream', 'DescribeLogGroups', 'DescribeLogStreams']),
    readOnly: false,
    request: { logGroupName: `/aws/lambda/fn-${hex(6)}`, logStreamName: `2026/11/22/[$LATEST]${hex(32)}` },
  }
}

function dynamo({ pick, uuid }) {
  return {
    source: 'dynamodb.amazonaws.com',
    name: pick(['DescribeTable', 'GetItem', 'Query']),
    readOnly: true,
    request: { tableName: pick(['orders', 'sessions', 'tf-lock']), key: { id: uuid() } },
  }
}

function policy({ between, pick, hex }, account) {
  const statement = () => ({
    Effect: 'Allow',
    Action: ['s3:Get*', 's3:List*', 'kms:Decrypt'],
    Resource: [`arn:aws:s3:::${pick(account.buckets)}/*`, pick(account.keys)],
  })
  const document = { Version: '2012-10-17', Statement: Array.from({ length: between(1, 4) }, statement) }
  return {
    source: 'iam.amazonaws.com',
    name: pick(['PutRolePolicy', 'CreatePolicyVersion', 'AttachRolePolicy']),
    readOnly: false,
    request: {
      roleName: pick(account.roles).name,
      policyName: `inline-${hex(4)}`,
      policyDocument: JSON.stringify(document, null, 4),
    },
  }
}

function login({ pick }) {
  return {
    source: 'signin.amazonaws.com',
    name: 'ConsoleLogin',
    readOnly: false,
    request: null,
    response: { ConsoleLogin: pick(['Success', 'Success', 'Failure']) },
    additional: {
      LoginTo: 'https://console.aws.amazon.com/console/home?state=hashArgs%23&isauthcode=true',
      MobileVersion: 'No',
      MFAUsed: pick(['Yes', 'No']),
    },
  }
}
