//! Who may do what with a topic: kept, and nothing is authorized by it.
