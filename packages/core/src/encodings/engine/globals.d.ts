/** AssemblyScript's own names of numbers, which the engines' sources use; in JavaScript both are numbers. */
declare type i32 = number
declare type f64 = number
