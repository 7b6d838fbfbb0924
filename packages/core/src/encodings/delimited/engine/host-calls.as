/** Asks the host for the address of the program's steps for these absent columns. */
@external('host', 'settle')
export declare function settle(program: i32, low: i32, high: i32): i32
