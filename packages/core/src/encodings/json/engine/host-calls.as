@external('host', 'compileShape')
export declare function compileShape(tape: i32): i32

@external('host', 'isAddress')
export declare function isAddress(at: i32, length: i32): i32

@external('host', 'learn')
export declare function learn(parent: i32, at: i32, length: i32): i32
